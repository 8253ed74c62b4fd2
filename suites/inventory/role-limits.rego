# A module says how many machines a role bears and how often it may be used. clan looks at that in some of its commands
# only: a second controller is then found when two of them run.
package seaworthy.inventory.role_limits

import rego.v1

limits[name] := constraints if {
	some name, used in input.resolved.instances
	constraints := input.modules[used.input][used.module].constraints
	is_object(constraints)
}

members(name, role) := count(object.get(input.resolved.roles, [name, role], []))

deny contains {
	"path": ["inventory", "instances", name, "roles", role],
	"message": sprintf("role `%s` of instance `%s` has too few machines", [role, name]),
	"expected": sprintf("at least %d", [limit.minMachines]),
	"actual": sprintf("%d", [found]),
} if {
	some name, constraints in limits
	some role, limit in constraints.roles
	found := members(name, role)
	found < limit.minMachines
}

deny contains {
	"path": ["inventory", "instances", name, "roles", role],
	"message": sprintf("role `%s` of instance `%s` has too many machines", [role, name]),
	"expected": sprintf("at most %d", [limit.maxMachines]),
	"actual": sprintf("%d", [found]),
} if {
	some name, constraints in limits
	some role, limit in constraints.roles
	found := members(name, role)
	is_number(limit.maxMachines)
	found > limit.maxMachines
}

uses[origin][module] contains name if {
	some name, used in input.resolved.instances
	origin := used.input
	module := used.module
}

deny contains {
	"path": ["inventory", "instances", sort(names)[most]],
	"message": sprintf("module `%s` is used by too many instances: `%s`", [module, concat("`, `", sort(names))]),
	"expected": sprintf("at most %d", [most]),
	"actual": sprintf("%d", [count(names)]),
} if {
	some modules in uses
	some module, names in modules
	most := limits[min(names)].maxInstances
	is_number(most)
	count(names) > most
}
