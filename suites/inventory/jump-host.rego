# A machine that is reached by a jump through another one, which in turn is reached only through the first: neither can be
# deployed to, and nobody notices before the day on which both have to be.
package seaworthy.inventory.jump_host

import rego.v1

# The host in `[ssh://][user@]host[:port][?OPTION=value&...]`, in lower case.
host(address) := trim(regex.replace(at, `:[0-9]*$`, ""), "[]") if {
	parts := split(split(lower(address), "?")[0], "@")
	at := trim_prefix(parts[count(parts) - 1], "ssh://")
}

targets[name] := target if {
	some name, machine in input.inventory.machines
	target := machine.deploy.targetHost
}

# The machines at each address.
machines_at[at] contains name if {
	some name, target in targets
	at := host(target)
}

default domain := ""

domain := input.inventory.meta.domain

# The machines that a jump may mean: by address, by name, by name and domain.
meant(jump) := object.get(machines_at, jump, set()) | {jump, trim_suffix(jump, concat("", [".", domain]))}

# The machines that each machine is reached through.
hops[name] contains hop if {
	some name, target in targets
	some option in split(split(target, "?")[1], "&")
	[key, value] := split(option, "=")
	lower(key) == "proxyjump"
	some jump in split(value, ",")
	some hop in meant(host(jump))
}

deny contains {
	"subject": name,
	"path": ["inventory", "machines", name, "deploy", "targetHost"],
	"message": sprintf("`%s` is reached through `%s`, which is itself only reached through `%s`", [name, hop, name]),
	"actual": targets[name],
	"help": "give one of them an address that needs no jump",
} if {
	some name, through in hops
	some hop in through
	name in graph.reachable(hops, {hop})
}
