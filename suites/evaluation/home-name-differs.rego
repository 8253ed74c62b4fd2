# A home configuration that is called as a machine is not evaluated: the name is the machine's.
package seaworthy.evaluation.home_name_differs

import rego.v1

outputs := {"darwin": "darwinConfigurations", "nixos": "nixosConfigurations"}

deny contains {
	"subject": name,
	"path": ["machines", name],
	"message": sprintf("`%s` stands in `%s` and in `homeConfigurations`: only the first is evaluated", [name, first]),
	"help": sprintf("call the home configuration otherwise: `user@%s`", [name]),
} if {
	some name, machine in input.machines
	"home" in machine.shadows
	first := outputs[machine.class]
}
