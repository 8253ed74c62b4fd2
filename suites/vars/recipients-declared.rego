# Who can read a secret stands in the file, and nothing protects that list. A key that nobody declared reads all the same;
# a reader who was declared and is not in the file cannot, and the machine does not activate.
package seaworthy.vars.recipients_declared

import rego.v1

subject(secret) := {"subject": secret.machine} if input.resolved.machines[secret.machine]
else := {}

keys_of_user := {name: {key.publickey | some key in user.keys} | some name, user in input.sops.users}

keys_of_machine := {name: {key.publickey | some key in machine.keys} | some name, machine in input.sops.machines}

keys_of_group := {name: members(group) | some name, group in input.sops.groups}

members(group) := {key | some link in group.users; some key in keys_of_user[link.member]} | {key |
	some link in group.machines
	some key in keys_of_machine[link.member]
}

keys_of := {"users": keys_of_user, "machines": keys_of_machine, "groups": keys_of_group}

# The keys that stand behind the links.
declared(links) := union({keys |
	some kind, of_kind in keys_of
	some link in links[kind]
	keys := of_kind[link.member]
})

# A key with the name of who holds it.
shown(key) := concat(" and ", sort(names)) if {
	names := {sprintf("%s of %s `%s`", [key, trim_suffix(kind, "s"), name]) |
		some kind in ["users", "machines"]
		some name, holder in input.sops[kind]
		some held in holder.keys
		held.publickey == key
	}
	count(names) > 0
} else := key

listed(keys) := concat(", ", [shown(key) | some key in sort(keys)])

deny contains object.union(subject(var), found) if {
	some index, var in input.vars.vars
	var.envelope.sound
	some found in wrong(["vars", "vars", index, "envelope"], var)
}

deny contains object.union(subject(secret), found) if {
	some name, secret in input.sops.secrets
	secret.envelope.sound
	some found in wrong(["sops", "secrets", name, "envelope"], secret)
}

# Nothing where the file's recipients are the declared readers.
wrong(at, secret) := array.concat(extra(at, secret, there - wanted), missing(at, secret, wanted - there)) if {
	wanted := declared(secret.links)
	# Both are sorted, and mostly the same.
	not sort(wanted) == secret.envelope.recipients
	there := {key | some key in secret.envelope.recipients}
	there != wanted
}

extra(at, secret, keys) := [] if count(keys) == 0
else := [{
	"path": at,
	"message": sprintf("`%s/secret` can be read by %d key(s) that nobody declared for it", [secret.path, count(keys)]),
	"expected": "only those who are linked beside it",
	"actual": listed(keys),
	"help": "clan vars fix; who could read it may have kept it, so make a new secret where they should not know it",
}]

missing(at, secret, keys) := [] if count(keys) == 0
else := [{
	"path": at,
	"message": sprintf("`%s/secret` cannot be read by %d key(s) that are declared for it", [secret.path, count(keys)]),
	"expected": listed(keys),
	"help": "clan vars fix",
}]
