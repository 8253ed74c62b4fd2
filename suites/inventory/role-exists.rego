# A misspelt role is an error only on the machines that would have it.
package seaworthy.inventory.role_exists

import rego.v1

deny contains {
	"path": ["inventory", "instances", instance, "roles", role],
	"message": sprintf("the module %s of %s has no role %s", [used.module, instance, role]),
	"expected": concat(", ", sort(object.keys(module.roles))),
} if {
	some instance, used in input.resolved.instances
	module := input.modules[used.input][used.module]
	some role, _ in input.inventory.instances[instance].roles
	not module.roles[role]
}
