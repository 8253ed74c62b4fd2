# A client takes a host's certificate only if it is one for hosts, of the key that the host shows, and signed by the
# authority that the client knows. Anything else it ignores without a word, and asks whether to trust the bare key.
package seaworthy.host_certificates.certificate_verifies

import rego.v1

certificates[index] := var if {
	some index, var in input.vars.vars
	var.generator == "openssh-cert"
	var.certificate
	input.resolved.machines[var.machine]
}

# A public key without its comment.
bare(text) := concat(" ", array.slice(split(text, " "), 0, 2))

authorities contains key if {
	some var in input.vars.vars
	var.placement == "shared"
	var.generator == "openssh-ca"
	key := bare(var.text)
}

host_keys[machine] contains key if {
	some var in input.vars.vars
	machine := var.machine
	var.placement == "per-machine"
	var.generator == "openssh"
	key := bare(var.text)
}

signature(certificate) := "a signature that is not its authority's" if certificate.verifies == false
else := "a signature of a kind that is not known here"

# What is wrong with a certificate, with what would be right and what is there.
wrong[index] contains ["is no certificate", "a host certificate of OpenSSH", fault] if {
	some index, var in certificates
	fault := var.certificate.fault
}

wrong[index] contains ["is not for a host", "host", var.certificate.type] if {
	some index, var in certificates
	var.certificate.type != "host"
}

wrong[index] contains ["does not verify", "a signature of its authority over it", signature(var.certificate)] if {
	some index, var in certificates
	var.certificate.verifies != true
}

wrong[index] contains ["is signed by another authority", concat(", ", authorities), ca] if {
	some index, var in certificates
	count(authorities) > 0
	ca := var.certificate.ca
	not ca in authorities
}

wrong[index] contains ["is for a key that is not the machine's", concat(", ", keys), key] if {
	some index, var in certificates
	keys := host_keys[var.machine]
	key := var.certificate.key
	not key in keys
}

deny contains {
	"subject": certificates[index].machine,
	"path": ["vars", "vars", index, "certificate"],
	"message": sprintf("the host certificate of `%s` %s", [certificates[index].machine, what]),
	"expected": expected,
	"actual": actual,
	"help": sprintf("clan vars generate %s --generator openssh-cert", [certificates[index].machine]),
} if {
	some index, faults in wrong
	some [what, expected, actual] in faults
}
