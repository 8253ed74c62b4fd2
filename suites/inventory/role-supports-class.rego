# A role that has nothing for a machine's class does nothing on it, without a word: the Mac that was to be a server of the
# service is none. Which classes a role supports, clan does not tell as yet: to clan a role is a function, and what it has for
# a machine is known once it is called with the machine's settings. Until then there are no such facts, and no findings.
package seaworthy.inventory.role_supports_class

import rego.v1

deny contains {
	"subject": machine,
	"path": ["inventory", "instances", name, "roles", role],
	"message": sprintf("role `%s` of instance `%s` does nothing on `%s`, a %s machine", [role, name, machine, resolved.class]),
	"expected": concat(" or ", classes),
	"actual": resolved.class,
	"help": "give the role to machines of the classes that it has something for",
} if {
	some name, used in input.resolved.instances
	roles := input.modules[used.input][used.module].roles
	is_object(roles)
	some role, definition in roles
	classes := definition.classes
	is_array(classes)
	# Most roles support both; then no machine needs to be looked at.
	count({"darwin", "nixos"} - {class | some class in classes}) > 0
	some machine in input.resolved.roles[name][role]
	resolved := input.resolved.machines[machine]
	not resolved.class in classes
}
