# A role that has nothing for a machine's class does nothing on it, without a word: the Mac that was to be a server of the
# service is none.
package seaworthy.inventory.role_supports_class

import rego.v1

# By instance and role, the classes that it has something for, where the module says so.
supported[name][role] := definition.classes if {
	some name, used in input.resolved.instances
	some role, definition in input.modules[used.input][used.module].roles
	is_array(definition.classes)
}

deny contains {
	"subject": machine,
	"path": ["inventory", "instances", name, "roles", role],
	"message": sprintf("role `%s` of instance `%s` does nothing on `%s`, a %s machine", [role, name, machine, resolved.class]),
	"expected": concat(" or ", classes),
	"actual": resolved.class,
	"help": "give the role to machines of the classes that it has something for",
} if {
	some machine, resolved in input.resolved.machines
	some name, roles in resolved.roles
	some role, classes in supported[name]
	roles[role]
	not resolved.class in classes
}
