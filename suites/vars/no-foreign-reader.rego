# A machine that can read another one's secrets hands them over when it is taken.
package seaworthy.vars.no_foreign_reader

import rego.v1

subject(secret) := {"subject": secret.machine} if input.resolved.machines[secret.machine]
else := {}

holders[publickey] contains name if {
	some name, machine in input.sops.machines
	some key in machine.keys
	publickey := key.publickey
}

linked(links) := {link.member | some link in links; link.resolves; is_string(link.member)}

machines_of_group := {name: linked(group.machines) | some name, group in input.sops.groups}

# Those whose key is in the file, and those who get it when it is next encrypted.
readers(secret) := {name | some key in secret.envelope.recipients; some name in holders[key]} |
	linked(secret.links.machines) |
	{name |
		some group in secret.links.groups
		some name in machines_of_group[group.member]
	}

# A user's key may also be called a machine's; that is another rule's finding.
shares_key(one, other) if {
	some key in input.sops.machines[one].keys
	other in holders[key.publickey]
}

keys_of_machine := {name: {key.publickey | some key in machine.keys} | some name, machine in input.sops.machines}

machine_keys := {key.publickey | some machine in input.sops.machines; some key in machine.keys}

groups_of_machines := {name | some name, machines in machines_of_group; count(machines) > 0}

# Whether another machine's key is among the recipients, or a link leads elsewhere: few secrets are looked at further.
is_suspect(secret) if {
	keys := {key | some key in secret.envelope.recipients} & machine_keys
	machines := {link.member | some link in secret.links.machines} - {secret.machine}
	groups := {link.member | some link in secret.links.groups} & groups_of_machines
	count(((keys - object.get(keys_of_machine, secret.machine, set())) | machines) | groups) > 0
}

deny contains told(["vars", "vars", index], var) if {
	some index, var in input.vars.vars
	var.secret
	is_suspect(var)
	count(foreign(var)) > 0
}

deny contains told(["sops", "secrets", name], secret) if {
	some name, secret in input.sops.secrets
	secret.secret
	is_suspect(secret)
	count(foreign(secret)) > 0
}

foreign(secret) := {name |
	some name in readers(secret)
	name != secret.machine
	not shares_key(secret.machine, name)
}

told(at, secret) := object.union(subject(secret), {
	"path": at,
	"message": sprintf("`%s/secret` of `%s` can be read by `%s`", [secret.path, secret.machine, concat("`, `", sort(foreign(secret)))]),
	"expected": sprintf("`%s` and users only", [secret.machine]),
	"help": "share the generator if both machines need it; else remove the link, run `clan vars fix` and make a new secret",
})
