# Only evaluating a machine that uses the instance tells that its module is not there.
package seaworthy.inventory.module_resolves

import rego.v1

deny contains {
	"path": ["inventory", "instances", instance, "module"],
	"message": sprintf("%s uses the module %s, which %s does not have", [instance, used.module, used.input]),
} if {
	some instance, used in input.resolved.instances
	not input.modules[used.input][used.module]
	is_known(instance, used.input)
}

# Which name the flake gave to clan-core's own modules is not known where the instance does not say.
is_known(_, name) if input.modules[name]

is_known(instance, _) if is_string(input.inventory.instances[instance].module.input)
