# clan checks a module's limits in some of its commands only.
package seaworthy.inventory.role_limits

import rego.v1

deny contains {
	"path": ["inventory", "instances", instance, "roles", role],
	"message": sprintf("role %s of %s must have %s machine(s)", [role, instance, said]),
	"expected": said,
	"actual": sprintf("%d", [found]),
} if {
	some instance, used in input.resolved.instances
	some role, limits in input.modules[used.input][used.module].constraints.roles
	found := count(object.get(input.resolved.roles, [instance, role], []))
	some said in broken(limits, found)
}

deny contains {
	"path": ["inventory", "instances", instance],
	"message": sprintf("the module %s may be used by %d instance(s), and is used by %d", [module, most, count(instances)]),
} if {
	some name, users_of in users
	some module, instances in users_of
	most := input.modules[name][module].constraints.maxInstances
	count(instances) > most
	instance := sort(instances)[most]
}

users[name][module] contains instance if {
	some instance, used in input.resolved.instances
	name := used.input
	module := used.module
}

broken(limits, found) := {sprintf("at least %d", [least]) |
	least := limits.minMachines
	found < least
} | {sprintf("at most %d", [most]) |
	most := limits.maxMachines
	found > most
}
