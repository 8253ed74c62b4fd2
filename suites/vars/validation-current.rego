# A generator's `validation` is what its vars were made from, such as the domains in a certificate. Where it has changed
# since, the machine runs with what was true before.
package seaworthy.vars.validation_current

import rego.v1

generators := {machine: declared |
	some machine, evaluated in input.machines
	declared := evaluated.facts.generators
	is_object(declared)
}

folder(machine, name, generator) := sprintf("vars/shared/%s", [name]) if generator.share
else := sprintf("vars/per-machine/%s/%s", [machine, name])

folder_of(stored) := sprintf("vars/shared/%s", [stored.generator]) if stored.placement == "shared"
else := sprintf("vars/per-machine/%s/%s", [stored.machine, stored.generator])

made := {folder_of(var) | some var in input.vars.vars}

hashes := {folder_of(stored): stored.hash | some stored in input.vars.hashes}

shown(hash) := hash if is_string(hash)
else := "none"

deny contains {
	"subject": machine,
	"path": ["machines", machine, "facts", "generators", name],
	"message": sprintf("the vars of generator `%s` were made for another state of `%s`", [name, machine]),
	"expected": shown(generator.validationHash),
	"actual": shown(hash),
	"help": sprintf("clan vars generate %s --generator %s", [machine, name]),
} if {
	noted := count(hashes)
	some machine, declared in generators
	some name, generator in declared
	# Where nothing was noted, only a generator that has a validation can differ.
	[noted, generator.validationHash] != [0, null]
	at := folder(machine, name, generator)
	hash := object.get(hashes, at, null)
	hash != generator.validationHash
	at in made
}
