# A module without a part for the machine's class is a silent no-op.
package seaworthy.inventory.role_supports_class

import rego.v1

deny contains {
	"subject": machine,
	"path": ["inventory", "instances", instance, "roles", role],
	"message": sprintf("role %s of %s does nothing for %s machines such as %s", [role, instance, class, machine]),
} if {
	some machine, resolved in input.resolved.machines
	class := resolved.class
	some instance, roles in resolved.roles
	used := input.resolved.instances[instance]
	some role, _ in roles
	classes := input.modules[used.input][used.module].roles[role].classes
	not class in classes
}
