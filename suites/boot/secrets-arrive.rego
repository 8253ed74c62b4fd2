# Every secret that is deployed is a file at its path, with the owner, group and mode that are declared.
package seaworthy.boot.secrets_arrive

import rego.v1

secrets contains {"machine": name, "generator": generator, "file": file, "declared": declared} if {
	some name, machine in input.machines
	some generator, told in machine.facts.generators
	some file, declared in told.files
	declared.secret
	declared.deploy
	is_string(declared.path)
}

deny contains {
	"subject": secret.machine,
	"path": path(secret),
	"message": sprintf("the secret %s/%s did not arrive", [secret.generator, secret.file]),
	"expected": secret.declared.path,
} if {
	some secret in secrets
	not input.guest.files[secret.declared.path]
}

deny contains {
	"subject": secret.machine,
	"path": path(secret),
	"message": sprintf("the secret %s/%s arrives with another %s", [secret.generator, secret.file, key]),
	"expected": declared,
	"actual": actual,
} if {
	some secret in secrets
	arrived := input.guest.files[secret.declared.path]
	some key in ["owner", "group", "mode"]
	declared := secret.declared[key]
	is_string(declared)
	actual := arrived[key]
	trim_left(actual, "0") != trim_left(declared, "0")
}

path(secret) := ["machines", secret.machine, "facts", "generators", secret.generator, "files", secret.file]
