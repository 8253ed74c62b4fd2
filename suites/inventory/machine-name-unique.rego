# Where file names ignore case, the folders of two machines whose names differ in case alone are one folder.
package seaworthy.inventory.machine_name_unique

import rego.v1

deny contains {
	"path": ["inventory", "machines", second],
	"message": sprintf("the names %s and %s differ in case alone", [first, second]),
} if {
	some names in by_lower_case
	count(names) > 1
	sorted := sort(names)
	first := sorted[0]
	some second in array.slice(sorted, 1, count(sorted))
}

by_lower_case[name] contains machine if {
	some machine, _ in input.inventory.machines
	name := lower(machine)
}
