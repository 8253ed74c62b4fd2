# A generator that waits for one that nobody declares never runs: `clan vars generate` stops at it, for every machine.
package seaworthy.vars.dependency_exists

import rego.v1

generators := {machine: declared |
	some machine, evaluated in input.machines
	declared := evaluated.facts.generators
	is_object(declared)
}

deny contains {
	"subject": machine,
	"path": ["machines", machine, "facts", "generators", name, "dependencies"],
	"message": sprintf("generator `%s` depends on `%s`, which `%s` does not declare", [name, wanted, machine]),
	"actual": concat(", ", sort(object.keys(declared))),
	"help": sprintf("declare the generator `%s` on `%s`, or do not depend on it", [wanted, machine]),
} if {
	some machine, declared in generators
	some name, generator in declared
	some wanted in generator.dependencies
	not declared[wanted]
}
