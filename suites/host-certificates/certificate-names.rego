# The names in a certificate say for which hosts it is good. Without any it is good for every host, so that one machine can
# pass for all; without a name that clients use, they refuse it.
package seaworthy.host_certificates.certificate_names

import rego.v1

certificates[index] := var if {
	some index, var in input.vars.vars
	var.generator == "openssh-cert"
	var.certificate.principals
	input.resolved.machines[var.machine]
}

domains[machine] contains input.inventory.meta.domain if {
	some var in certificates
	machine := var.machine
}

domains[machine] contains domain if {
	some machine, resolved in input.resolved.machines
	some instance, roles in resolved.roles
	input.resolved.instances[instance].module == "sshd"
	some domain in roles.server.certificate.searchDomains
}

# The machine in each of its domains, where the inventory says them all.
expected(machine) := {sprintf("%s.%s", [machine, domain]) | some domain in domains[machine]} if {
	is_string(input.inventory.meta.domain)
}

listed(names) := concat(", ", sort(names))

wrong[index] contains ["is good for every host: it names none", sprintf("%s.<domain>", [var.machine]), "no name"] if {
	some index, var in certificates
	count(var.certificate.principals) == 0
}

wrong[index] contains ["does not name exactly its hosts", listed(names), listed(var.certificate.principals)] if {
	some index, var in certificates
	count(var.certificate.principals) > 0
	names := expected(var.machine)
	names != {name | some name in var.certificate.principals}
}

wrong[index] contains ["names another host", sprintf("%s.<domain>", [var.machine]), name] if {
	some index, var in certificates
	not expected(var.machine)
	some name in var.certificate.principals
	name != var.machine
	not startswith(name, sprintf("%s.", [var.machine]))
}

wrong[index] contains ["goes by another id", var.machine, var.certificate.key_id] if {
	some index, var in certificates
	var.certificate.key_id != var.machine
}

# OpenSSH knows none for hosts, and a client refuses a critical option that it does not know.
wrong[index] contains ["has options", "none", listed(options)] if {
	some index, var in certificates
	options := array.concat(var.certificate.critical_options, var.certificate.extensions)
	count(options) > 0
}

deny contains {
	"subject": certificates[index].machine,
	"path": ["vars", "vars", index, "certificate"],
	"message": sprintf("the host certificate of `%s` %s", [certificates[index].machine, what]),
	"expected": expected_names,
	"actual": actual,
	"help": sprintf("clan vars generate %s --generator openssh-cert", [certificates[index].machine]),
} if {
	some index, faults in wrong
	some [what, expected_names, actual] in faults
}
