# Files keep the number of their owner, not the name. Where one person has several numbers, what is restored from a backup or
# mounted from another machine belongs to somebody else. Numbers that are not stated are left out.
package seaworthy.host.uid_consistent

import rego.v1

# A Mac does not say who is a person: its own accounts are below 500 or begin with an underscore.
is_person(_, _, account) if account.isNormalUser

is_person("darwin", user, account) if {
	account.uid >= 500
	not startswith(user, "_")
}

# By user, then uid: the machines.
uids[user][uid] contains name if {
	some name, machine in input.machines
	is_object(machine.facts.users)
	some user, account in machine.facts.users
	is_number(account.uid)
	is_person(machine.class, user, account)
	uid := account.uid
}

deny contains {
	"path": ["machines", odd[2], "facts", "users", user, "uid"],
	"message": sprintf("user `%s` has several uids: %s", [user, concat("; ", told)]),
	"expected": "one uid on all machines",
} if {
	some user, machines_by_uid in uids
	count(machines_by_uid) > 1
	# The rarest uid is the likeliest to be wrong.
	odd := min({[count(machines), uid, min(machines)] | some uid, machines in machines_by_uid})
	told := [sprintf("%d on %s", [uid, some_of(machines)]) | some uid, machines in machines_by_uid]
}

some_of(machines) := sprintf("`%s`", [concat("`, `", sort(machines))]) if {
	count(machines) <= 3
} else := sprintf("`%s` and %d others", [min(machines), count(machines) - 1])
