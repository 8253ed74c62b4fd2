# Activation gives each secret to its owner and group. Where one does not exist, activation fails half-way.
package seaworthy.vars.owner_exists

import rego.v1

generators := {machine: declared |
	some machine, evaluated in input.machines
	declared := evaluated.facts.generators
	is_object(declared)
}

known := {"owner": "users", "group": "groups"}

# macOS has accounts of its own, which the configuration does not tell.
deny contains {
	"subject": machine,
	"path": ["machines", machine, "facts", "generators", name, "files", file, part],
	"message": sprintf("`%s` of generator `%s` goes to the %s `%s`, which `%s` does not have", [file, name, part, said, machine]),
	"expected": concat(", ", sort(object.keys(accounts))),
	"actual": said,
} if {
	some machine, declared in generators
	input.machines[machine].class == "nixos"
	some name, generator in declared
	some file, options in generator.files
	# Most files are root's.
	not {options.owner, options.group} == {"root"}
	options.secret
	options.deploy
	some part, fact in known
	said := options[part]
	said != "root"
	is_string(said)
	accounts := input.machines[machine].facts[fact]
	is_object(accounts)
	not accounts[said]
}
