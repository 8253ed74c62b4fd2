# A public file is read from the Nix store, where everything belongs to root and everyone may read it. An owner or a mode
# that is set for it has no effect: whoever set it believes that the file is protected.
package seaworthy.vars.public_default_owner

import rego.v1

generators := {machine: declared |
	some machine, evaluated in input.machines
	declared := evaluated.facts.generators
	is_object(declared)
}

defaults := {
	"nixos": {"owner": "root", "group": "root", "mode": "0400"},
	"darwin": {"owner": "root", "group": "wheel", "mode": "0400"},
}

deny contains {
	"subject": machine,
	"path": ["machines", machine, "facts", "generators", name, "files", file, part],
	"message": sprintf("`%s` of generator `%s` is public, and its %s has no effect", [file, name, part]),
	"expected": wanted,
	"actual": said,
	"help": "make the file secret, or leave it at the defaults",
} if {
	some machine, declared in generators
	default_of := defaults[input.machines[machine].class]
	some name, generator in declared
	some file, options in generator.files
	options.secret == false
	not object.subset(options, default_of)
	some part, wanted in default_of
	said := options[part]
	is_string(said)
	said != wanted
}
