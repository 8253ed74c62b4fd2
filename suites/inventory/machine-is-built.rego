# A machine that stands in the inventory and in no output of the flake is never built, and nobody notices.
package seaworthy.inventory.machine_is_built

import rego.v1

deny contains {
	"subject": machine,
	"path": ["inventory", "machines", machine],
	"message": sprintf("%s is in no output of the flake", [machine]),
	"expected": sprintf("%sConfigurations.%s", [definition.machineClass, machine]),
} if {
	some machine, definition in input.inventory.machines
	not input.machines[machine]
}
