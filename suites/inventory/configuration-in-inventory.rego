# A configuration that the inventory does not know is built and never deployed, and no role reaches it. That may be meant,
# as for the image of an installer; so this only warns.
package seaworthy.inventory.configuration_in_inventory

import rego.v1

outputs := {"darwin": "darwinConfigurations", "nixos": "nixosConfigurations"}

deny contains {
	"subject": name,
	"path": ["machines", name],
	"message": sprintf("`%s.%s` is in the flake, and no machine of the inventory", [outputs[machine.class], name]),
	"help": "add it to `inventory.machines` if it is to be deployed",
} if {
	some name, machine in input.machines
	outputs[machine.class]
	not input.inventory.machines[name]
}
