# clan drops an unknown member of `inventory.tags` silently.
package seaworthy.inventory.tag_member_exists

import rego.v1

deny contains {
	"path": ["inventory", "tags", tag, index],
	"message": sprintf("tag %s lists the machine %s, which does not exist", [tag, machine]),
} if {
	some tag, members in input.inventory.tags
	some index, machine in members
	not input.inventory.machines[machine]
}
