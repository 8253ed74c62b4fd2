# A machine decrypts its secrets with a key of its own. Without it, or without the private part to install it with, the
# machine comes up and every service that waits for a secret fails.
package seaworthy.vars.machine_key

import rego.v1

generators := {machine: declared |
	some machine, evaluated in input.machines
	declared := evaluated.facts.generators
	is_object(declared)
}

# A secret is deployed to it: by its generators, or by a link in the tree.
deployed contains machine if {
	some machine, declared in generators
	some generator in declared
	some file in generator.files
	file.secret
	file.deploy
}

deployed contains link.name if {
	some var in input.vars.vars
	some link in var.links.machines
	input.machines[link.name]
}

# Fleets that keep their secrets elsewhere have no keys here.
has_secrets if {
	some var in input.vars.vars
	var.secret
}

deny contains {
	"subject": machine,
	"path": ["machines", machine],
	"message": sprintf("`%s` has secrets and no key to read them with", [machine]),
	"expected": sprintf("sops/machines/%s/key.json", [machine]),
	"help": sprintf("clan vars generate %s", [machine]),
} if {
	has_secrets
	some machine, _ in input.machines
	# Few machines lack something; without one nobody needs to know to whom secrets are deployed.
	not input.sops.machines[machine]
	machine in deployed
}

deny contains {
	"subject": machine,
	"path": ["sops", "machines", machine],
	"message": sprintf("the private key of `%s` is not stored: the machine cannot be installed again", [machine]),
	"expected": sprintf("sops/secrets/%s-age.key/secret", [machine]),
} if {
	has_secrets
	some machine, _ in input.machines
	input.sops.machines[machine]
	not input.sops.secrets[sprintf("%s-age.key", [machine])].secret
	machine in deployed
}
