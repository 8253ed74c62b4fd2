# A machine that is reached by a jump through another one, which in turn is reached only through the first: neither can be
# deployed to, and nobody notices before the day on which both have to be.
package seaworthy.inventory.jump_host

import rego.v1

# The host in `[ssh://][user@]host[:port][?OPTION=value&...]`, in lower case.
host(address) := lower(regex.replace(address, `^(ssh://)?([^@?]*@)?\[?([^\]?]*?)(\]|:[0-9]+)?(:[0-9]+)?(\?.*)?$`, "$3"))

targets[name] := target if {
	some name, machine in input.inventory.machines
	target := machine.deploy.targetHost
	is_string(target)
}

# The names by which a jump may speak of a machine.
machines_at[at] contains name if {
	some name, _ in input.inventory.machines
	at := lower(name)
}

machines_at[at] contains name if {
	domain := input.inventory.meta.domain
	is_string(domain)
	some name, _ in input.inventory.machines
	at := sprintf("%s.%s", [lower(name), domain])
}

machines_at[at] contains name if {
	some name, target in targets
	at := host(target)
}

# The machines that each machine is reached through.
hops[name] contains hop if {
	some name, target in targets
	some option in split(substring(target, indexof(target, "?") + 1, -1), "&")
	[key, value] := split(option, "=")
	lower(key) == "proxyjump"
	some jump in split(value, ",")
	some hop in machines_at[host(jump)]
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
