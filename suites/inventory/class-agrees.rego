# `machineClass` decides which of a service's modules a machine gets; the output that it stands in decides what it is.
package seaworthy.inventory.class_agrees

import rego.v1

deny contains {
	"subject": machine,
	"path": ["inventory", "machines", machine],
	"message": sprintf("the inventory says that %s is %s, but it is built as %s", [machine, said, built]),
	"expected": said,
	"actual": built,
} if {
	some machine, definition in input.inventory.machines
	said := definition.machineClass
	built := input.machines[machine].class
	said != built
}
