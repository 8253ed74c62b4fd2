# A role that the module does not define is an error on the machines that would have it, and on a fleet where none has it
# yet, silence.
package seaworthy.inventory.role_exists

import rego.v1

deny contains {
	"path": ["inventory", "instances", name, "roles", role],
	"message": sprintf("instance `%s` gives role `%s`, which module `%s` does not have", [name, role, used.module]),
	"help": sprintf("roles of `%s`: %s", [used.module, concat(", ", sort(roles))]),
} if {
	some name, used in input.resolved.instances
	definitions := input.modules[used.input][used.module].roles
	is_object(definitions)
	roles := object.keys(definitions)
	some role, _ in input.inventory.instances[name].roles
	not role in roles
}
