# A machine that calls itself by another name is taken for that one: logs, backups and certificates go under the wrong name,
# and a tool that asks for the host name before it switches refuses or, worse, switches the wrong host.
package seaworthy.host.host_name

import rego.v1

deny contains {
	"subject": name,
	"path": ["machines", name, "facts", "hostName"],
	"message": sprintf("the host name of `%s` is `%s`", [name, machine.facts.hostName]),
	"expected": name,
	"actual": machine.facts.hostName,
	"help": "set `networking.hostName` to the machine's name",
} if {
	some name, machine in input.machines
	is_string(machine.facts.hostName)
	machine.facts.hostName != name
	# A configuration that is called by its whole domain name.
	not startswith(name, concat("", [machine.facts.hostName, "."]))
}
