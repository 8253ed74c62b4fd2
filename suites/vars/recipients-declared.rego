# Who can read a secret stands in the file, and nothing protects that list. A key that nobody declared reads all the same;
# a reader who was declared and is not in the file cannot, and the machine does not activate.
package seaworthy.vars.recipients_declared

import rego.v1

subject(secret) := {"subject": secret.machine} if input.resolved.machines[secret.machine]
else := {}

secrets contains [["vars", "vars", index], var] if some index, var in input.vars.vars

secrets contains [["sops", "secrets", name], secret] if some name, secret in input.sops.secrets

# The keys that stand behind the links of one folder.
keys_of(links, kind) := {key.publickey |
	some link in links[kind]
	some key in input.sops[kind][link.member].keys
}

keys_of_group[name] := keys_of(group, "users") | keys_of(group, "machines") if some name, group in input.sops.groups

declared(links) := (keys_of(links, "users") | keys_of(links, "machines")) | {key |
	some link in links.groups
	some key in keys_of_group[link.member]
}

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

deny contains object.union(subject(secret), {
	"path": array.concat(at, ["envelope"]),
	"message": sprintf("`%s/secret` can be read by %d key(s) that nobody declared for it", [secret.path, count(extra)]),
	"expected": "only those who are linked beside it",
	"actual": listed(extra),
	"help": "clan vars fix; who could read it may have kept it, so make a new secret where they should not know it",
}) if {
	some [at, secret] in secrets
	secret.envelope.sound
	extra := {key | some key in secret.envelope.recipients} - declared(secret.links)
	count(extra) > 0
}

deny contains object.union(subject(secret), {
	"path": array.concat(at, ["envelope"]),
	"message": sprintf("`%s/secret` cannot be read by %d key(s) that are declared for it", [secret.path, count(missing)]),
	"expected": listed(missing),
	"help": "clan vars fix",
}) if {
	some [at, secret] in secrets
	secret.envelope.sound
	missing := declared(secret.links) - {key | some key in secret.envelope.recipients}
	count(missing) > 0
}
