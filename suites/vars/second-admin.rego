# With one key for all of an administrator's secrets, losing that key loses the secrets.
package seaworthy.vars.second_admin

import rego.v1

holders[publickey] contains name if {
	some name, user in input.sops.users
	some key in user.keys
	publickey := key.publickey
}

admin_keys := {key.publickey | some user in input.sops.users; some key in user.keys}

# The secrets that hang on one key.
alone[key] contains var.path if {
	only := only_keys
	count(only) > 0
	some var in input.vars.vars
	var.envelope.sound
	key := only[var.envelope.recipients]
}

alone[key] contains secret.path if {
	some secret in input.sops.secrets
	secret.envelope.sound
	key := only_keys[secret.envelope.recipients]
}

# Many secrets have the same recipients: each list is looked at once.
lists := {list | list := input.vars.vars[_].envelope.recipients} |
	{list | list := input.sops.secrets[_].envelope.recipients}

only_keys[list] := key if {
	some list in lists
	keys := {key | some key in list} & admin_keys
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
