# A network's controller admits members and hands out addresses. On a machine that sleeps or travels the network stands still
# with it: nobody joins, and in WireGuard nobody reaches anybody.
package seaworthy.network.controller_always_on

import rego.v1

on_desks := {"laptop", "workstation"}

with_controller := {"wireguard", "zerotier"}

deny contains {
	"subject": machine,
	"path": member_at(name, machine),
	"message": sprintf("`%s` controls the network `%s`, and is a %s", [machine, name, why]),
	"expected": "a machine that is always on",
	"actual": why,
} if {
	some name, used in input.resolved.instances
	used.module in with_controller
	some machine in input.resolved.roles[name].controller
	resolved := input.resolved.machines[machine]
	why := sleeps(resolved)
}

sleeps(resolved) := min(tags) if {
	tags := on_desks & {tag | some tag in resolved.tags}
	count(tags) > 0
} else := "Mac" if {
	resolved.class == "darwin"
}

member_at(name, machine) := ["inventory", "instances", name, "roles", "controller", "machines", machine] if {
	input.inventory.instances[name].roles.controller.machines[machine]
} else := ["inventory", "instances", name, "roles", "controller"]
