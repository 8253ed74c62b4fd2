# What stands in a file called `secret` is taken for encrypted by everyone, and pushed. In clear, it is published.
package seaworthy.vars.secret_encrypted

import rego.v1

subject(secret) := {"subject": secret.machine} if input.resolved.machines[secret.machine]
else := {}

deny contains told(["vars", "vars", index], var) if {
	some index, var in input.vars.vars
	var.secret
	not var.envelope.sound
}

deny contains told(["sops", "secrets", name], secret) if {
	some name, secret in input.sops.secrets
	secret.secret
	not secret.envelope.sound
}

told(at, secret) := object.union(subject(secret), {
	"path": array.concat(at, ["envelope"]),
	"message": sprintf("`%s/secret` is not a secret that sops encrypted", [secret.path]),
	"expected": "an encrypted binary file of sops",
	"actual": concat("; ", secret.envelope.faults),
	"help": "make a new secret: what stood here in clear is in the history of the repository",
})
