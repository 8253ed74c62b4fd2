# Who listens on TCP at an address that others can reach does so on a port that the firewall lets through.
package seaworthy.boot.ports_opened

import rego.v1

deny contains {
	"subject": name,
	"path": ["guest", "sockets"],
	"message": sprintf("somebody listens on port %d to everybody, and the firewall opens it for nobody", [port]),
	"help": "let the service listen on localhost, or open the port to the network that it is for",
} if {
	some name, machine in input.machines
	firewall := machine.facts.firewall
	firewall.enable
	some port in heard
	not is_open(firewall, port)
}

heard := {socket.port |
	some socket in input.guest.sockets
	socket.protocol == "tcp"
	not socket.loopback
}

is_open(firewall, _) if count(object.get(firewall, "trustedInterfaces", [])) > 0

is_open(firewall, port) if lets_in(firewall, port)

is_open(firewall, port) if {
	some rules in firewall.interfaces
	lets_in(rules, port)
}

lets_in(rules, port) if port in rules.allowedTCPPorts

lets_in(rules, port) if {
	some range in object.get(rules, "allowedTCPPortRanges", [])
	range.from <= port
	port <= range.to
}
