# clan warns of an unknown tag and goes on with an empty role.
package seaworthy.inventory.role_tag_matches

import rego.v1

deny contains {
	"path": ["inventory", "instances", instance, "roles", role, "tags", tag],
	"message": sprintf("role %s of %s asks for the tag %s, which no machine carries", [role, instance, tag]),
} if {
	some instance, definition in input.inventory.instances
	some role, members in definition.roles
	some tag, _ in members.tags
	not tag in carried
}

carried contains tag if {
	some machine in input.resolved.machines
	some tag in machine.tags
}
