# A host certificate that has run out is refused by every client from one second to the next, deploys among them.
package seaworthy.host_certificates.certificate_valid

import rego.v1

deny contains {
	"subject": var.machine,
	"path": ["vars", "vars", index, "certificate"],
	"message": sprintf("the host certificate of `%s` is not valid today", [var.machine]),
	"expected": "valid for ever",
	"actual": sprintf("valid from %v to %v, in seconds since 1970", [var.certificate.valid_after, var.certificate.valid_before]),
	"help": sprintf("clan vars generate %s --generator openssh-cert", [var.machine]),
} if {
	some index, var in input.vars.vars
	var.generator == "openssh-cert"
	input.resolved.machines[var.machine]
	var.certificate.valid == false
}
