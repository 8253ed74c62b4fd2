# Somebody listens on every TCP port that the firewall lets through, at an address that others can reach.
package seaworthy.boot.ports_answered

import rego.v1

deny contains {
	"subject": name,
	"path": array.concat(["machines", name, "facts", "firewall"], opened.path),
	"message": sprintf("the firewall opens port %d, and nobody listens on it", [opened.port]),
	"expected": "a service behind the port, or the port closed",
} if {
	some name, machine in input.machines
	machine.facts.firewall.enable
	some opened in ports(machine.facts.firewall)
	not opened.port in heard
}

ports(firewall) := {{"port": port, "path": ["allowedTCPPorts"]} | some port in firewall.allowedTCPPorts} | {{
	"port": port,
	"path": ["interfaces", interface, "allowedTCPPorts"],
} |
	some interface, rules in firewall.interfaces
	some port in rules.allowedTCPPorts
}

heard := {socket.port |
	some socket in input.guest.sockets
	socket.protocol == "tcp"
	not socket.loopback
}
