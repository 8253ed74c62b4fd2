# With one key under two names, shutting out one of them shuts out neither: the other still reads with the same key.
package seaworthy.vars.key_unique

import rego.v1

holders[publickey] contains [kind, name] if {
	some kind in ["machines", "users"]
	some name, holder in input.sops[kind]
	some key in holder.keys
	publickey := key.publickey
}

subject(kind, name) := {"subject": name} if {
	kind == "machines"
	input.resolved.machines[name]
} else := {}

shown(holder) := sprintf("%s `%s`", [trim_suffix(holder[0], "s"), holder[1]])

# The first by name keeps it.
deny contains object.union(subject(kind, name), {
	"path": ["sops", kind, name, "keys", index],
	"message": sprintf("the key of %s is also that of %s", [shown([kind, name]), shown(sorted[0])]),
	"expected": "a key of its own",
	"actual": key,
}) if {
	some key, named in holders
	sorted := sort(named)
	some [kind, name] in array.slice(sorted, 1, count(sorted))
	some index, held in input.sops[kind][name].keys
	held.publickey == key
}
