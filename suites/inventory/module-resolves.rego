# An instance whose module cannot be found breaks the evaluation of every machine that it reaches, with a trace that does not
# name the instance.
package seaworthy.inventory.module_resolves

import rego.v1

# Where an instance names no input, clan-core is meant, and what the flake calls that is not known; the fleet's own modules
# (`self`) are not always told.
is_said(name) if not input.inventory.instances[name].module.input in {null, "self"}

deny contains {
	"path": ["inventory", "instances", name, "module", "input"],
	"message": sprintf("instance `%s` takes its module from input `%s`, which has no clan modules", [name, used.input]),
	"help": sprintf("inputs with modules: %s", [concat(", ", sort(object.keys(input.modules)))]),
} if {
	some name, used in input.resolved.instances
	is_said(name)
	not input.modules[used.input]
}

deny contains {
	"path": ["inventory", "instances", name, "module", "name"],
	"message": sprintf("instance `%s` uses module `%s`, which input `%s` does not have", [name, used.module, used.input]),
	"help": sprintf("modules of `%s`: %s", [used.input, concat(", ", sort(modules))]),
} if {
	some name, used in input.resolved.instances
	is_object(input.modules[used.input])
	modules := object.keys(input.modules[used.input])
	not used.module in modules
}
