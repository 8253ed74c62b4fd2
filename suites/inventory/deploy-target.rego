# A machine without an address is left out of a deploy; one whose jump host is reached through it can never be repaired.
package seaworthy.inventory.deploy_target

import rego.v1

deny contains {
	"subject": machine,
	"path": ["inventory", "machines", machine],
	"message": sprintf("%s has no deploy.targetHost", [machine]),
	"help": "state the address that it is deployed to, such as root@host.example.net",
} if {
	some _ in targets
	some machine, definition in input.inventory.machines
	not definition.deploy.targetHost
}

deny contains {
	"subject": machine,
	"path": ["inventory", "machines", machine, "deploy", "targetHost"],
	"message": sprintf("the jump host of %s is reached through %s itself", [machine, machine]),
	"actual": targets[machine],
} if {
	some machine, nexts in jumps
	some next in nexts
	machine in graph.reachable(jumps, {next})
}

# Where no machine says its address, addresses are given elsewhere.
targets[machine] := target if {
	some machine, definition in input.inventory.machines
	target := definition.deploy.targetHost
}

jumps[machine] contains next if {
	some machine, target in targets
	some [_, jump] in regex.find_all_string_submatch_n(`[?&]ProxyJump=([^&]+)`, target, 1)
	some next in through(jump)
}

# The machines that a jump host `user@host:port` may mean: by name, or by the address at which they are deployed to.
through(jump) := by_address[address(jump)]

by_address[at] contains machine if {
	some machine, _ in targets
	at := machine
}

by_address[at] contains machine if {
	some machine, target in targets
	at := address(target)
}

address(target) := regex.replace(regex.replace(target, `^[^@]*@`, ""), `(:[0-9]+)?([?].*)?$`, "")
