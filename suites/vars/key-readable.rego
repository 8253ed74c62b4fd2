# A user or machine without a key is passed over when a secret is encrypted for it: it cannot read what it should.
package seaworthy.vars.key_readable

import rego.v1

subject(kind, name) := {"subject": name} if {
	kind == "machines"
	input.resolved.machines[name]
} else := {}

deny contains object.union(subject(kind, name), {
	"path": ["sops", kind, name, "keys"],
	"message": sprintf("%s `%s` has no key that can be used: %s", [trim_suffix(kind, "s"), name, holder.fault]),
	"expected": `[{"publickey": "age1...", "type": "age"}]`,
}) if {
	some kind in ["users", "machines"]
	some name, holder in input.sops[kind]
	holder.fault
}
