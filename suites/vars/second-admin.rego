# With one key for all of an administrator's secrets, losing that key loses the secrets.
package seaworthy.vars.second_admin

import rego.v1

holders[key.publickey] contains name if {
	some name, user in input.sops.users
	some key in user.keys
}

# The secrets that hang on one key.
alone[key] contains var.path if {
	some var in input.vars.vars
	some key in only_key(var.envelope)
}

alone[key] contains secret.path if {
	some secret in input.sops.secrets
	some key in only_key(secret.envelope)
}

only_key(envelope) := keys if {
	envelope.sound
	keys := {key | some key in envelope.recipients; holders[key]}
	count(keys) == 1
}

deny contains {
	"path": ["sops", "users", name, "keys"],
	"message": sprintf("%d secret(s) hang on one key of `%s`, such as `%s`", [count(paths), name, min(paths)]),
	"expected": "a second key of a user that can read each secret, kept apart from the first",
	"actual": key,
} if {
	some key, paths in alone
	name := min(holders[key])
}
