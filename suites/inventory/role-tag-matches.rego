# A role that asks for a tag which no machine carries reaches nobody: a misspelt tag switches a whole service off, and clan
# only warns. The tags that clan computes by itself may be empty: a fleet without Macs is no mistake.
package seaworthy.inventory.role_tag_matches

import rego.v1

computed := {"all", "darwin", "nixos"}

carried := {tag | some machine in input.resolved.machines; some tag in machine.tags}

deny contains {
	"path": ["inventory", "instances", instance, "roles", role, "tags", tag],
	"message": sprintf("role `%s` of instance `%s` asks for tag `%s`, which no machine carries", [role, instance, tag]),
	"help": sprintf("the tags that machines carry: %s", [concat(", ", sort(carried))]),
} if {
	some instance, definition in input.inventory.instances
	some role, members in definition.roles
	some tag, _ in members.tags
	not tag in computed
	not tag in carried
}
