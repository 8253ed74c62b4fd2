# Secrets that are needed for making users are written before there are any: nobody but root can own them.
package seaworthy.vars.needed_for_users

import rego.v1

generators := {machine: declared |
	some machine, evaluated in input.machines
	declared := evaluated.facts.generators
	is_object(declared)
}

root := {"nixos": {"owner": "root", "group": "root"}, "darwin": {"owner": "root", "group": "wheel"}}

deny contains {
	"subject": machine,
	"path": ["machines", machine, "facts", "generators", name, "files", file, part],
	"message": sprintf("`%s` of generator `%s` is needed before there are users, and its %s is `%s`", [file, name, part, said]),
	"expected": wanted,
	"actual": said,
} if {
	some machine, declared in generators
	# Few machines have such a file at all.
	"users" in {needed_for | needed_for := declared[_].files[_].neededFor}
	some name, generator in declared
	some file, options in generator.files
	options.neededFor == "users"
	some part, wanted in root[input.machines[machine].class]
	said := options[part]
	is_string(said)
	said != wanted
}
