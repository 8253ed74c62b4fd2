# A machine that is in the inventory but in no output of the flake is never built and never deployed, although roles count
# on it.
package seaworthy.inventory.machine_is_built

import rego.v1

outputs := {"darwin": "darwinConfigurations", "nixos": "nixosConfigurations"}

deny contains {
	"subject": name,
	"path": ["inventory", "machines", name],
	"message": sprintf("machine `%s` is in the inventory, and in no output of the flake", [name]),
	"expected": sprintf("%s.%s", [outputs[machine.machineClass], name]),
	"help": "add the machine's module to the flake, or take the machine out of the inventory",
} if {
	some name, machine in input.inventory.machines
	not input.machines[name]
}
