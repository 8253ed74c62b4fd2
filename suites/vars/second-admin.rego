# With one key for all of an administrator's secrets, losing that key loses the secrets.
package seaworthy.vars.second_admin

import rego.v1

holders[key.publickey] contains name if {
	some name, user in input.sops.users
	some key in user.keys
}

secrets contains secret if some secret in input.vars.vars

secrets contains secret if some secret in input.sops.secrets

# The secrets that hang on one key.
alone[key] contains secret.path if {
	some secret in secrets
	secret.envelope.sound
	keys := {key | some key in secret.envelope.recipients; holders[key]}
	count(keys) == 1
	some key in keys
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
