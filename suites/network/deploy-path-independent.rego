# A machine that is deployed to over a network which its own configuration sets up can cut the way by which the mending would
# come: the deploy that breaks the overlay is the last one that arrives.
package seaworthy.network.deploy_path_independent

import rego.v1

# By module, what its names end in by custom.
endings := {
	"mycelium": {"myc"},
	"tor": {"onion"},
	"wireguard": {"wg"},
	"yggdrasil": {"ygg"},
	"zerotier": {"zt"},
}

# By module, what its addresses look like: ZeroTier's RFC 4193 and 6plane, WireGuard's as clan gives them, and the others' own.
addresses := {
	"mycelium": `^[45][0-9a-f]{2}:`,
	"wireguard": `^fd[0-9a-f]{2}:`,
	"yggdrasil": `^[23][0-9a-f]{2}:`,
	"zerotier": `^(fd[0-9a-f]{2}(:[0-9a-f]{1,4}){3}:[0-9a-f]{0,2}99:93[0-9a-f]{2}:|fc[0-9a-f]{2}:)`,
}

# The host in `[ssh://][user@]host[:port][?OPTION=value&...]`, in lower case.
host(target) := trim(regex.replace(at, `:[0-9]*$`, ""), "[]") if {
	parts := split(split(lower(target), "?")[0], "@")
	at := trim_prefix(parts[count(parts) - 1], "ssh://")
}

hosts[machine] := host(target) if {
	some machine, definition in input.inventory.machines
	target := definition.deploy.targetHost
}

# A domain of the fleet that is a single label is clan's own, and known to its overlays alone; that of a local network is not.
domain contains name if {
	name := input.inventory.meta.domain
	not contains(name, ".")
	not name in {"home", "lan", "local", "localdomain"}
}

# By overlay, what the names on it end in.
endings_of[name] := {sprintf(".%s", [ending]) | some ending in {used.module, lower(name)} | customary | domain | of_settings} if {
	some name, used in input.resolved.instances
	customary := endings[used.module]
	of_settings := {setting |
		some role in input.inventory.instances[name].roles
		setting := role.settings.domain
	}
}

# Who is on each overlay.
members[name] := {machine | some machines in input.resolved.roles[name]; some machine in machines} if {
	some name, _ in endings_of
}

over(name, host) if strings.any_suffix_match(host, endings_of[name])

over(name, host) if regex.match(addresses[input.resolved.instances[name].module], host)

# clan's service `internet` knows another way.
reached_otherwise(resolved) if {
	some name, roles in resolved.roles
	input.resolved.instances[name].module == "internet"
	roles["default"].host != ""
}

deny contains {
	"subject": machine,
	"path": ["inventory", "machines", machine, "deploy", "targetHost"],
	"message": sprintf("`%s` is deployed to over the network `%s`, which it sets up itself", [machine, name]),
	"expected": "an address that does not depend on the overlay",
	"actual": input.inventory.machines[machine].deploy.targetHost,
	"help": "give `deploy.targetHost` a public or local address, or a role of the service `internet`",
} if {
	some name, machines in members
	some machine in machines
	over(name, hosts[machine])
	not reached_otherwise(input.resolved.machines[machine])
}
