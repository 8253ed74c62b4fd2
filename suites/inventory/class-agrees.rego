# The class says by which module system a machine is built, and so which part of each service reaches it. Where inventory
# and flake disagree, a machine is built without what its roles ask for.
package seaworthy.inventory.class_agrees

import rego.v1

outputs := {"darwin": "darwinConfigurations", "home": "homeConfigurations", "nixos": "nixosConfigurations"}

deny contains {
	"subject": name,
	"path": ["inventory", "machines", name, "machineClass"],
	"message": sprintf("the inventory calls `%s` a %s machine, and it stands in `%s`", [name, said, outputs[built]]),
	"expected": built,
	"actual": said,
} if {
	some name, machine in input.inventory.machines
	said := machine.machineClass
	built := input.machines[name].class
	said != built
}
