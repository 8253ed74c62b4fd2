# clan checks settings only where something reads them; a setting that nobody reads yet breaks the fleet later.
package seaworthy.inventory.settings_fit

import rego.v1

deny contains {
	"path": ["inventory", "instances", instance, "roles", role],
	"message": sprintf("the settings of role %s of %s do not fit: %s", [role, instance, why]),
} if {
	some [instance, role, settings] in merged
	used := input.resolved.instances[instance]
	schema := input.modules[used.input][used.module].roles[role].schema
	[false, why] := json.match_schema(settings, schema)
}

# Each combination once, however many machines share it.
merged contains [instance, role, settings] if {
	some machine in input.resolved.machines
	some instance, roles in machine.roles
	some role, settings in roles
}
