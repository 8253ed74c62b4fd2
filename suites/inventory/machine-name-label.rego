# A machine's name becomes its host name, a DNS name, a folder of vars and a principal of its certificate. What is no DNS
# label in lower case is refused or changed by one of them, and the machine is then known by two names.
package seaworthy.inventory.machine_name_label

import rego.v1

deny contains {
	"subject": name,
	"path": ["inventory", "machines", name],
	"message": sprintf("machine name `%s` is not a DNS label", [name]),
	"expected": "lower-case letters, digits and inner hyphens, at most 63 of them",
	"actual": name,
} if {
	some name, _ in input.inventory.machines
	not regex.match(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`, name)
}
