# Settings of a role, of its tags and of its machines have equal priority in clan: differing values conflict.
package seaworthy.inventory.settings_conflict

import rego.v1

deny contains {
	"subject": conflict.machine,
	"path": split(trim_prefix(conflict.definitions[count(conflict.definitions) - 1], "/"), "/"),
	"message": sprintf("two settings of equal priority differ: %s of role %s of %s", [
		concat(".", conflict.option),
		conflict.role,
		conflict.instance,
	]),
	"actual": concat(", ", conflict.definitions),
	"help": "state the option in one of them only",
} if {
	some conflict in input.resolved.conflicts
}
