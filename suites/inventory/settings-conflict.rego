# Two settings of equal priority that differ: evaluation stops at the machine that gets both, with a message that names
# neither of the lines.
package seaworthy.inventory.settings_conflict

import rego.v1

# A JSON pointer as a path of keys.
keys(pointer) := [replace(replace(key, "~1", "/"), "~0", "~") | some key in array.slice(split(pointer, "/"), 1, 100)]

deny contains {
	"subject": conflict.machine,
	"path": keys(last),
	"message": sprintf("setting `%s` of role `%s` of instance `%s` has several values for `%s`", [
		concat(".", conflict.option), conflict.role, conflict.instance, conflict.machine,
	]),
	"expected": "one value, or `mkForce` on the one that counts",
	"actual": concat(" and ", [sprintf("%s at %s", [json.marshal(object.get(input, keys(at), null)), at]) |
		some at in conflict.definitions
	]),
} if {
	some conflict in input.resolved.conflicts
	input.inventory.machines[conflict.machine]
	last := conflict.definitions[count(conflict.definitions) - 1]
}
