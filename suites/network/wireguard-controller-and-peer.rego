# A WireGuard controller hands out addresses of its subnet, a peer takes one of each controller's. A machine that is both
# defines one interface twice, and connects to itself.
package seaworthy.network.wireguard_controller_and_peer

import rego.v1

deny contains {
	"subject": machine,
	"path": member_at(name, machine),
	"message": sprintf("`%s` is both controller and peer of the WireGuard network `%s`", [machine, name]),
	"help": "take it out of one of the roles; a controller reaches every peer anyway",
} if {
	some name, used in input.resolved.instances
	used.module == "wireguard"
	roles := input.resolved.roles[name]
	some machine in {controller | some controller in roles.controller} & {peer | some peer in roles.peer}
	input.resolved.machines[machine]
}

member_at(name, machine) := ["inventory", "instances", name, "roles", "controller", "machines", machine] if {
	input.inventory.instances[name].roles.controller.machines[machine]
} else := ["inventory", "instances", name, "roles", "controller"]
