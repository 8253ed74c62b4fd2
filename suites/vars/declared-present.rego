# A machine whose vars were never made builds, and then does not activate: the file is not there when a service asks.
package seaworthy.vars.declared_present

import rego.v1

generators := {machine: declared |
	some machine, evaluated in input.machines
	declared := evaluated.facts.generators
	is_object(declared)
}

folder(machine, name, generator) := sprintf("vars/shared/%s", [name]) if generator.share
else := sprintf("vars/per-machine/%s/%s", [machine, name])

stored_as(file) := "secret" if file.secret
else := "value"

opposite := {"secret": "value", "value": "secret"}

stored := {var.path: var | some var in input.vars.vars}

# What is stored in one way alone: the path, whether it is secret, and that it is not shared.
plain := {[var.path, var.secret, false] | some var in input.vars.vars; var.secret != var.value}

# Fleets that keep their secrets elsewhere, such as in a password store, have none here.
kept contains "value"

kept contains "secret" if count(input.sops.users) > 0

# What is declared and not stored as it should be.
wanted contains [machine, name, file, path, kind] if {
	found := plain
	some machine, declared in generators
	some name, generator in declared
	some file, options in generator.files
	# Most are there, and are not looked at further.
	not [concat("/", ["vars/per-machine", machine, name, file]), options.secret, generator.share] in found
	path := concat("/", [folder(machine, name, generator), file])
	kind := stored_as(options)
	not object.get(stored, [path, kind], false)
}

deny contains {
	"subject": machine,
	"path": ["machines", machine, "facts", "generators", name, "files", file],
	"message": sprintf("var `%s` of generator `%s` was never made for `%s`", [file, name, machine]),
	"expected": sprintf("%s/%s", [path, kind]),
	"help": sprintf("clan vars generate %s", [machine]),
} if {
	some [machine, name, file, path, kind] in wanted
	kind in kept
	not object.get(stored, [path, opposite[kind]], false)
}

deny contains {
	"subject": machine,
	"path": ["machines", machine, "facts", "generators", name, "files", file],
	"message": sprintf("var `%s` of generator `%s` stands there as a `%s`", [file, name, opposite[kind]]),
	"expected": sprintf("%s/%s", [path, kind]),
	"actual": sprintf("%s/%s", [path, opposite[kind]]),
	"help": sprintf("clan vars generate %s --generator %s", [machine, name]),
} if {
	some [machine, name, file, path, kind] in wanted
	object.get(stored, [path, opposite[kind]], false)
}
