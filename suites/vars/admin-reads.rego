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
	unread := unread_lists
	count(unread) > 0
	some index, var in input.vars.vars
	var.envelope.sound
	var.envelope.recipients in unread
}

deny contains told(["sops", "secrets", name], secret) if {
	some name, secret in input.sops.secrets
	secret.envelope.sound
	secret.envelope.recipients in unread_lists
}

# Many secrets have the same recipients: each list is looked at once.
lists := {list | list := input.vars.vars[_].envelope.recipients} |
	{list | list := input.sops.secrets[_].envelope.recipients}

unread_lists := {list |
	some list in lists
	count({key | some key in list} & admin_keys) == 0
}

told(at, secret) := object.union(subject(secret), {
	"path": array.concat(at, ["envelope"]),
	"message": sprintf("no user of `sops/users` can read `%s/secret`", [secret.path]),
	"expected": "at least one key of a user among its recipients",
	"actual": concat(", ", secret.envelope.recipients),
	"help": "link a user or a group of users beside it, and run `clan vars fix` with a key that can read it",
})
