# A name is one machine's, in findings, in vars and in a deploy. Of a second machine of that name nothing is asked, and what is
# proven of the first says nothing of it.
package seaworthy.evaluation.machine_in_one_output

import rego.v1

outputs := {"darwin": "darwinConfigurations", "nixos": "nixosConfigurations"}

deny contains {
	"subject": name,
	"path": ["machines", name],
	"message": sprintf("`%s` stands in `%s` and in `%s`: only the first is evaluated", [name, first, second]),
	"help": "give each machine a name of its own",
} if {
	some name, machine in input.machines
	some other in machine.shadows
	first := outputs[machine.class]
	second := outputs[other]
}
