# The guest reaches multi-user.target, in which every service has been started, within the limit.
package seaworthy.boot.comes_up

import rego.v1

deny contains {
	"subject": name,
	"path": ["machines", name],
	"message": what[input.boot.end],
	"actual": concat("\n", last_words),
	"help": sprintf("`seaworthy boot %s` boots it with its console on yours", [name]),
} if {
	some name, _ in input.machines
	input.boot.end != "up"
}

what := {
	"unevaluated": "its configuration as a guest does not evaluate",
	"unbuilt": "it does not build",
	"unbootable": "its kernel is none that boots here",
	"silent": sprintf("its shell gave no sign of life within %v s", [input.boot.limit]),
	"late": sprintf("it did not reach multi-user.target within %v s", [input.boot.limit]),
	"ended": "it ended by itself",
}

# The most telling of what is known.
last_words := input.boot.waiting if {
	count(input.boot.waiting) > 0
} else := input.boot.console
