# Files keep the number of their owner, not the name. Where one person has several numbers, what is restored from a backup or
# mounted from another machine belongs to somebody else. Numbers that are not stated are left out.
package seaworthy.host.uid_consistent

import rego.v1

# Nix's own builders are most of a machine's accounts: without them this is fast in a fleet of a thousand.
builders := {sprintf("nixbld%d", [number]) | some number in numbers.range(1, 64)}

# By user, then uid: the machines.
uids[user][uid] contains name if {
	some name, machine in input.machines
	is_object(machine.facts.users)
	some user in object.keys(machine.facts.users) - builders
	machine.facts.users[user].isNormalUser
	uid := machine.facts.users[user].uid
	is_number(uid)
}

# A Mac does not say who is a person: its own accounts are below 500 or begin with an underscore.
uids[user][uid] contains name if {
	some name, machine in input.machines
	machine.class == "darwin"
	is_object(machine.facts.users)
	some user, account in machine.facts.users
	uid := account.uid
	uid >= 500
	not startswith(user, "_")
}

deny contains {
	"path": ["machines", odd[2], "facts", "users", user, "uid"],
	"message": sprintf("user `%s` has several uids: %s", [user, concat("; ", told)]),
	"expected": "one uid on all machines",
} if {
	some user, machines_by_uid in uids
	count(machines_by_uid) > 1
	# The rarest uid is the likeliest to be wrong; of equally rare ones the highest, which a system gives by itself.
	odd := min({[count(machines), 0 - uid, min(machines)] | some uid, machines in machines_by_uid})
	told := [sprintf("%d on %s", [uid, some_of(machines)]) | some uid, machines in machines_by_uid]
}

some_of(machines) := sprintf("`%s`", [concat("`, `", sort(machines))]) if {
	count(machines) <= 3
} else := sprintf("`%s` and %d others", [min(machines), count(machines) - 1])
