# A shared generator runs once for all machines: which machine's var it would be given is undefined, and clan refuses.
package seaworthy.vars.shared_not_per_machine

import rego.v1

generators := {machine: declared |
	some machine, evaluated in input.machines
	declared := evaluated.facts.generators
	is_object(declared)
}

deny contains {
	"subject": machine,
	"path": ["machines", machine, "facts", "generators", name, "dependencies"],
	"message": sprintf("shared generator `%s` depends on `%s`, which each machine has for itself", [name, wanted]),
	"help": sprintf("share `%s` too, or do not share `%s`", [wanted, name]),
} if {
	some machine, declared in generators
	some name, generator in declared
	generator.share
	some wanted in generator.dependencies
	declared[wanted].share == false
}
