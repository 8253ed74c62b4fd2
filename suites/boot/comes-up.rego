# The guest reaches multi-user.target, in which every service has been started, within the limit.
package seaworthy.boot.comes_up

import rego.v1

deny contains object.union(finding, by_hand(name)) if {
	some name, _ in input.machines
	input.boot.end != "up"
	finding := {
		"subject": name,
		"path": ["machines", name],
		"message": what[input.boot.end],
		"actual": concat("\n", last_words),
	}
}

# Nobody boots by hand what is not there.
by_hand(name) := {"help": sprintf("`seaworthy boot %s` boots it with its console on yours", [name])} if {
	not input.boot.end in {"unevaluated", "unbuilt", "unbootable"}
} else := {}

what := {
	"unevaluated": "its configuration as a guest does not evaluate",
	"unbuilt": "it does not build",
	"unbootable": "its kernel is none that boots here",
	"silent": sprintf("its shell gave no sign of life within %v s", [input.boot.limit]),
	"late": sprintf("it did not reach multi-user.target within %v s", [input.boot.limit]),
	"panicked": "its kernel panicked before it was up",
	"restarted": "it restarted itself before it was up",
	"switched-off": "it switched itself off before it was up",
}

# The most telling of what is known.
last_words := input.boot.waiting if {
	count(input.boot.waiting) > 0
} else := input.boot.console if {
	count(input.boot.console) > 0
} else := ["nothing on its console"]
