# A machine's configuration evaluates, as far as a derivation to build and the facts that other rules are about.
package seaworthy.evaluation.machine_evaluates

import rego.v1

# What keeps a machine from being built says it all; most of its facts fail for the same reason.
deny contains finding(name, "toplevel", error) if {
	some name, machine in input.machines
	error := machine.errors.toplevel
}

# Otherwise each error once, whichever facts it spoils.
deny contains finding(name, facts[0], input.machines[name].errors[facts[0]]) if {
	some name, machine in input.machines
	not machine.errors.toplevel
	messages := {error.message | some error in machine.errors}
	some message in messages
	facts := sort([fact | some fact, error in machine.errors; error.message == message])
}

finding(name, fact, error) := {
	"subject": name,
	"path": ["machines", name, "errors", fact],
	"message": sprintf("`%s` does not evaluate: %s", [shown(name, fact), error.message]),
}

shown(name, fact) := name if fact == "toplevel"

shown(name, fact) := sprintf("%s: %s", [name, fact]) if fact != "toplevel"
