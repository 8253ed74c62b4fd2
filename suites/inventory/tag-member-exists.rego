# A tag that lists a machine which nobody defines says nothing about it: the machine that was meant goes without every
# service of that tag.
package seaworthy.inventory.tag_member_exists

import rego.v1

deny contains {
	"path": ["inventory", "tags", tag, index],
	"message": sprintf("tag `%s` lists machine `%s`, which does not exist", [tag, machine]),
	"help": "define the machine under `inventory.machines`, or take it off the list",
} if {
	some tag, machines in input.inventory.tags
	some index, machine in machines
	not input.inventory.machines[machine]
}
