# What is deployed over SSH must leave SSH open, or the first deploy is the last: the daemon runs, an administrator's key is
# there, and the firewall lets the port in. A machine that nobody deploys to over SSH may go without the daemon.
package seaworthy.host.way_in

import rego.v1

here := {"", "127.0.0.1", "localhost"}

servers[name] := machine.facts if {
	some name, machine in input.machines
	machine.class == "nixos"
	is_object(machine.facts.sshd)
}

deny contains {
	"subject": name,
	"path": ["machines", name, "facts", "sshd", "enable"],
	"message": sprintf("`%s` is deployed to over SSH, and runs no SSH daemon", [name]),
	"help": "set `services.openssh.enable`",
} if {
	some name, facts in servers
	not facts.sshd.enable
	target := input.inventory.machines[name].deploy.targetHost
	not target in here
}

deny contains {
	"subject": name,
	"path": ["machines", name, "facts", "users"],
	"message": sprintf("no administrator has a key to `%s`", [name]),
	"expected": "an authorized key of root or of a user in the group wheel",
	"help": "set `users.users.<name>.openssh.authorizedKeys.keys`",
} if {
	some name, facts in servers
	facts.sshd.enable
	is_object(facts.users)
	not admits(facts)
}

admits(facts) if {
	facts.users.root.authorizedKeys > 0
	not facts.sshd.permitRootLogin in {"forced-commands-only", "no"}
} else if {
	some user in facts.users
	user.authorizedKeys > 0
	"wheel" in array.concat(user.extraGroups, [user.group])
}

deny contains {
	"subject": name,
	"path": ["machines", name, "facts", "firewall"],
	"message": sprintf("the firewall of `%s` does not let SSH in", [name]),
	"expected": sprintf("port %s open on some interface", [concat(" or ", [sprintf("%d", [port]) | some port in facts.sshd.ports])]),
	"help": "set `services.openssh.openFirewall`, or open the port to the network that deploys come from",
} if {
	some name, facts in servers
	facts.sshd.enable
	facts.firewall.enable
	count(facts.sshd.ports) > 0
	every port in facts.sshd.ports { not is_open(facts.firewall, port) }
}

is_open(firewall, port) if lets_in(firewall, port)

# The loopback is trusted everywhere, and nobody comes in through it.
is_open(firewall, _) if {
	some interface in firewall.trustedInterfaces
	interface != "lo"
}

is_open(firewall, port) if {
	is_object(firewall.interfaces)
	some rules in firewall.interfaces
	lets_in(rules, port)
}

lets_in(rules, port) if port in rules.allowedTCPPorts

lets_in(rules, port) if {
	some range in rules.allowedTCPPortRanges
	range.from <= port
	port <= range.to
}
