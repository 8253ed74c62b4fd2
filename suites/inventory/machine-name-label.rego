# clan's command line takes lower-case DNS labels only; Nix takes anything.
package seaworthy.inventory.machine_name_label

import rego.v1

deny contains {
	"subject": machine,
	"path": ["inventory", "machines", machine],
	"message": sprintf("%s is not a lower-case DNS label", [json.marshal(machine)]),
	"expected": "up to 63 of a-z, 0-9 and -, with no - at either end",
} if {
	some machine, _ in input.inventory.machines
	not is_label(machine)
}

is_label(name) if {
	count(name) <= 63
	regex.match(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`, name)
}
