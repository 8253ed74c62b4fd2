# A role that names a machine which nobody defines has a phantom member: the others wait for a peer that never comes, and
# whoever takes its name one day is let in.
package seaworthy.inventory.role_machine_exists

import rego.v1

deny contains {
	"path": ["inventory", "instances", instance, "roles", role, "machines", machine],
	"message": sprintf("role `%s` of instance `%s` names machine `%s`, which does not exist", [role, instance, machine]),
	"help": "define the machine under `inventory.machines`, or take it out of the role",
} if {
	some instance, definition in input.inventory.instances
	some role, members in definition.roles
	some machine, _ in members.machines
	not input.inventory.machines[machine]
}
