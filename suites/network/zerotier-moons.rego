# A moon's definition holds at most four roots: with more, `zerotier-idtool` refuses to make it, and the service does not
# start on any of them. See https://github.com/zerotier/ZeroTierOne/issues/893
package seaworthy.network.zerotier_moons

import rego.v1

deny contains {
	"path": ["inventory", "instances", name, "roles", "moon"],
	"message": sprintf("the ZeroTier network `%s` has %d moons", [name, count(moons)]),
	"expected": "at most four",
	"actual": concat(", ", moons),
} if {
	some name, used in input.resolved.instances
	used.module == "zerotier"
	moons := input.resolved.roles[name].moon
	count(moons) > 4
}
