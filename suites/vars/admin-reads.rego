# A secret that no administrator can read cannot be re-encrypted: it is lost with the machine that reads it.
package seaworthy.vars.admin_reads

import rego.v1

subject(secret) := {"subject": secret.machine} if input.resolved.machines[secret.machine]
else := {}

admin_keys contains key.publickey if {
	some user in input.sops.users
	some key in user.keys
}

deny contains told(["vars", "vars", index], var) if {
	some index, var in input.vars.vars
	unread(var.envelope)
}

deny contains told(["sops", "secrets", name], secret) if {
	some name, secret in input.sops.secrets
	unread(secret.envelope)
}

unread(envelope) if {
	envelope.sound
	every key in envelope.recipients { not key in admin_keys }
}

told(at, secret) := object.union(subject(secret), {
	"path": array.concat(at, ["envelope"]),
	"message": sprintf("no user of `sops/users` can read `%s/secret`", [secret.path]),
	"expected": "at least one key of a user among its recipients",
	"actual": concat(", ", secret.envelope.recipients),
	"help": "link a user or a group of users beside it, and run `clan vars fix` with a key that can read it",
})
