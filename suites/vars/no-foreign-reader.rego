# A machine that can read another one's secrets hands them over when it is taken.
package seaworthy.vars.no_foreign_reader

import rego.v1

subject(secret) := {"subject": secret.machine} if input.resolved.machines[secret.machine]
else := {}

secrets contains [["vars", "vars", index], var] if some index, var in input.vars.vars

secrets contains [["sops", "secrets", name], secret] if some name, secret in input.sops.secrets

holders[key.publickey] contains name if {
	some name, machine in input.sops.machines
	some key in machine.keys
}

linked(links) := {link.member | some link in links; link.resolves; is_string(link.member)}

# Those whose key is in the file, and those who get it when it is next encrypted.
readers(secret) := {name | some key in secret.envelope.recipients; some name in holders[key]} |
	linked(secret.links.machines) |
	{name |
		some group in secret.links.groups
		some name in linked(input.sops.groups[group.member].machines)
	}

# A user's key may also be called a machine's; that is another rule's finding.
shares_key(one, other) if {
	some key in input.sops.machines[one].keys
	other in holders[key.publickey]
}

deny contains object.union(subject(secret), {
	"path": at,
	"message": sprintf("`%s/secret` of `%s` can be read by `%s`", [secret.path, secret.machine, concat("`, `", sort(foreign))]),
	"expected": sprintf("`%s` and users only", [secret.machine]),
	"help": "share the generator if both machines need it; else remove the link, run `clan vars fix` and make a new secret",
}) if {
	some [at, secret] in secrets
	secret.secret
	foreign := {name |
		some name in readers(secret)
		name != secret.machine
		not shares_key(secret.machine, name)
	}
	count(foreign) > 0
}
