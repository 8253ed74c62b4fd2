# A shared generator runs once, by the definition of whichever machine comes first. Where machines define it differently,
# what the others get depends on the order, and clan refuses to generate.
package seaworthy.vars.shared_identical

import rego.v1

generators := {machine: declared |
	some machine, evaluated in input.machines
	declared := evaluated.facts.generators
	is_object(declared)
}

# What clan compares: owner, group and mode of a file may differ.
definition(generator) := {
	"files": {name: object.filter(file, ["secret", "deploy", "neededFor"]) | some name, file in generator.files},
	"prompts": generator.prompts,
	"dependencies": generator.dependencies,
	"validation": generator.validationHash,
}

variants[name][defined] contains machine if {
	some machine, declared in generators
	some name, generator in declared
	generator.share
	defined := definition(generator)
}

deny contains {
	"path": ["machines", second, "facts", "generators", name],
	"message": sprintf("shared generator `%s` is not the same on `%s` and `%s`", [name, first, second]),
	"expected": "one definition on every machine",
	"actual": sprintf("they differ in: %s", [concat(", ", sort(differing))]),
	"help": "define it in a module that all of its machines import",
} if {
	some name, machines_of in variants
	first := min(union({machines | some machines in machines_of}))
	some reference, firsts in machines_of
	first in firsts
	some defined, seconds in machines_of
	defined != reference
	second := min(seconds)
	differing := {part | some part, said in defined; said != reference[part]}
}
