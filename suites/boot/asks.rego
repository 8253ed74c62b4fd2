# A guest that is up is as the fleet's own asks say: `[[boot.asks]]` in fleet.toml.
package seaworthy.boot.asks

import rego.v1

# What the fleet asks of this machine, each with its number in the file.
asked contains {"machine": name, "number": number, "ask": ask} if {
	some name, _ in input.machines
	some number, ask in input.asks
	name in ask.machines
}

deny contains {
	"subject": entry.machine,
	"path": ["asks", sprintf("%d", [entry.number])],
	"message": wrong.message,
	"expected": wrong.expected,
	"actual": wrong.actual,
} if {
	some entry in asked
	some wrong in faults(entry.ask)
}

faults(ask) := {{
	"message": sprintf("the unit %s is not active", [ask.unit]),
	"expected": "active",
	"actual": state(ask.unit),
}} if {
	ask.unit
	state(ask.unit) != "active"
}

faults(ask) := {{
	"message": sprintf("nobody waits at %s port %d", [ask.protocol, ask.port]),
	"expected": "a service at an address that others can reach",
	"actual": waiting(ask),
}} if {
	ask.port
	waiting(ask) != "others"
}

faults(ask) := {{
	"message": sprintf("%s is not there", [ask.file]),
	"expected": ask.file,
	"actual": "nothing",
}} if {
	ask.file
	not input.guest.files[ask.file]
}

faults(ask) := {fault |
	some key in ["owner", "group", "mode"]
	declared := ask[key]
	actual := input.guest.files[ask.file][key]
	trim_left(actual, "0") != trim_left(declared, "0")
	fault := {
		"message": sprintf("%s has another %s", [ask.file, key]),
		"expected": declared,
		"actual": actual,
	}
} if {
	input.guest.files[ask.file]
}

faults(ask) := {fault | some fault in command_faults(ask)} if ask.command

faults(ask) := {fault | some fault in http_faults(ask)} if ask.http

# Of what was not asked nothing is known: that is no pass.
command_faults(ask) := [{
	"message": sprintf("`%s` was not run", [ask.command]),
	"expected": "status 0",
	"actual": "nothing",
}] if {
	not input.guest.asked[ask.command]
}

command_faults(ask) := [{
	"message": sprintf("`%s` fails", [ask.command]),
	"expected": "status 0",
	"actual": ended(result),
}] if {
	result := input.guest.asked[ask.command]
	result.status != 0
}

command_faults(ask) := [{
	"message": sprintf("`%s` prints something else", [ask.command]),
	"expected": ask.contains,
	"actual": result.stdout,
}] if {
	result := input.guest.asked[ask.command]
	result.status == 0
	ask.contains
	not contains(result.stdout, ask.contains)
}

http_faults(ask) := [{
	"message": sprintf("%s was not asked for", [ask.http]),
	"expected": sprintf("status %d", [ask.status]),
	"actual": "nothing",
}] if {
	not input.guest.http[ask.http]
}

http_faults(ask) := [{
	"message": sprintf("%s does not answer", [ask.http]),
	"expected": sprintf("status %d", [ask.status]),
	"actual": answer.error,
}] if {
	answer := input.guest.http[ask.http]
	answer.status == null
}

http_faults(ask) := [{
	"message": sprintf("%s answers with another status", [ask.http]),
	"expected": sprintf("status %d", [ask.status]),
	"actual": concat("\n", [sprintf("status %d", [answer.status]), answer.body]),
}] if {
	answer := input.guest.http[ask.http]
	answer.status != null
	answer.status != ask.status
}

http_faults(ask) := [{
	"message": sprintf("%s answers with something else", [ask.http]),
	"expected": ask.contains,
	"actual": answer.body,
}] if {
	answer := input.guest.http[ask.http]
	answer.status == ask.status
	ask.contains
	not contains(answer.body, ask.contains)
}

# `nginx` is `nginx.service`, as systemctl has it.
state(unit) := input.guest.units[unit].active if {
	input.guest.units[unit]
} else := input.guest.units[sprintf("%s.service", [unit])].active if {
	input.guest.units[sprintf("%s.service", [unit])]
} else := "there is no such unit"

waiting(ask) := "others" if {
	some socket in input.guest.sockets
	is_of(socket, ask)
	not socket.loopback
} else := "the guest alone reaches it" if {
	some socket in input.guest.sockets
	is_of(socket, ask)
} else := "nobody"

is_of(socket, ask) if {
	socket.port == ask.port
	socket.protocol == ask.protocol
}

ended(result) := concat("\n", [sprintf("status %d", [result.status]), result.stderr]) if {
	result.status != null
} else := result.stderr
