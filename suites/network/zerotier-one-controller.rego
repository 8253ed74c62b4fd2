# The id of a ZeroTier network is made of its controller's. Without a controller nobody is admitted; with two of them there
# are two networks, and each member waits to be admitted to the one that it does not know.
package seaworthy.network.zerotier_one_controller

import rego.v1

deny contains {
	"path": written_at(name),
	"message": sprintf("the ZeroTier network `%s` has %s", [name, told(controllers)]),
	"expected": "exactly one controller",
} if {
	some name, used in input.resolved.instances
	used.module == "zerotier"
	controllers := object.get(input.resolved.roles, [name, "controller"], [])
	count(controllers) != 1
}

told(controllers) := "no controller" if {
	count(controllers) == 0
} else := sprintf("%d controllers: `%s`", [count(controllers), concat("`, `", controllers)])

written_at(name) := array.concat(["inventory", "instances", name, "roles", "controller"], inner) if {
	role := input.inventory.instances[name].roles.controller
	inner := [key | some key in ["machines"]; count(role[key]) > 0]
} else := ["inventory", "instances", name, "roles"]
