# Names that differ in case alone are one name to macOS' file system and to DNS: one machine's vars overwrite the other's.
# Of such names all but the last in order are told, which is the one in lower case.
package seaworthy.inventory.machine_name_unique

import rego.v1

alike[folded] contains name if {
	some name, _ in input.inventory.machines
	folded := lower(name)
}

deny contains {
	"path": ["inventory", "machines", name],
	"message": sprintf("machine names `%s` and `%s` differ in case alone", [name, kept]),
	"help": "rename one of them",
} if {
	some names in alike
	kept := max(names)
	some name in names
	name != kept
}
