# A var is public or secret. One that is both gives its secret away; one that is neither is not there when it is needed.
package seaworthy.vars.value_xor_secret

import rego.v1

subject(var) := {"subject": var.machine} if input.resolved.machines[var.machine]
else := {}

# Nearly every var is one of the two, and is not looked at further.
suspects := [[index, var] |
	some index, var in input.vars.vars
	not var.value != var.secret
]

deny contains object.union(subject(var), {
	"path": ["vars", "vars", index],
	"message": sprintf("`%s` is both public and secret", [var.path]),
	"expected": "either `value` or `secret`",
	"actual": "both",
	"help": "make a new secret, and delete `value`: it is in the history of the repository",
}) if {
	some [index, var] in suspects
	var.value
	var.secret
}

deny contains object.union(subject(var), {
	"path": ["vars", "vars", index],
	"message": sprintf("`%s` holds neither a value nor a secret", [var.path]),
	"expected": "either `value` or `secret`",
	"actual": concat(", ", var.entries),
}) if {
	some [index, var] in suspects
	not var.value
	not var.secret
}

deny contains object.union(subject(secret), {
	"path": ["sops", "secrets", name],
	"message": sprintf("`%s` holds no secret", [secret.path]),
	"expected": "secret",
	"actual": concat(", ", secret.entries),
}) if {
	some name, secret in input.sops.secrets
	not secret.secret
}
