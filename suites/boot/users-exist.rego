# Every declared user is there, with the uid that is declared.
package seaworthy.boot.users_exist

import rego.v1

deny contains {
	"subject": name,
	"path": ["machines", name, "facts", "users", user],
	"message": sprintf("the user %s is not on the machine", [user]),
} if {
	some name, machine in input.machines
	some user, _ in machine.facts.users
	not input.guest.users[user]
}

deny contains {
	"subject": name,
	"path": ["machines", name, "facts", "users", user, "uid"],
	"message": sprintf("the user %s has another uid", [user]),
	"expected": declared.uid,
	"actual": input.guest.users[user].uid,
} if {
	some name, machine in input.machines
	some user, declared in machine.facts.users
	is_number(declared.uid)
	input.guest.users[user].uid != declared.uid
}
