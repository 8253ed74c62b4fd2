# clan keeps a role's unknown machine without a word: every other member gets a phantom peer.
package seaworthy.inventory.role_machine_exists

import rego.v1

deny contains {
	"path": ["inventory", "instances", instance, "roles", role, "machines", machine],
	"message": sprintf("role %s of %s names the machine %s, which does not exist", [role, instance, machine]),
} if {
	some instance, definition in input.inventory.instances
	some role, members in definition.roles
	some machine, _ in members.machines
	not input.inventory.machines[machine]
}
