# The password of emergency access opens a machine whose services failed. At a desk that saves the day; on a server, anybody
# with the provider's console has it to guess.
package seaworthy.source.emergency_access_placement

import rego.v1

exposed := {"cloud", "public", "server", "vps"}

deny contains {
	"subject": machine,
	"path": member_at(name, role, machine),
	"message": sprintf("`%s` has emergency access, and carries the tag `%s`", [machine, min(tags)]),
	"expected": "emergency access on workstations only",
} if {
	some name, used in input.resolved.instances
	used.module == "emergency-access"
	some role, machines in input.resolved.roles[name]
	some machine in machines
	tags := exposed & {tag | some tag in input.resolved.machines[machine].tags}
	count(tags) > 0
}

member_at(name, role, machine) := ["inventory", "instances", name, "roles", role, "machines", machine] if {
	input.inventory.instances[name].roles[role].machines[machine]
} else := ["inventory", "instances", name, "roles", role]
