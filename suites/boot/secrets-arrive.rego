# Every secret that is deployed is a file at its path, with the owner, group and mode that are declared.
package seaworthy.boot.secrets_arrive

import rego.v1

secrets contains {"machine": name, "name": sprintf("%s/%s", [generator, file]), "path": path, "declared": declared} if {
	some name, machine in input.machines
	is_object(machine.facts.generators)
	some generator, told in machine.facts.generators
	some file, declared in told.files
	declared.secret
	declared.deploy
	is_string(declared.path)
	path := ["machines", name, "facts", "generators", generator, "files", file]
}

# Those of sops-nix.
secrets contains {"machine": name, "name": secret, "path": path, "declared": declared} if {
	some name, machine in input.machines
	is_object(machine.facts.sopsSecrets)
	some secret, declared in machine.facts.sopsSecrets
	is_string(declared.path)
	path := ["machines", name, "facts", "sopsSecrets", secret]
}

deny contains {
	"subject": secret.machine,
	"path": secret.path,
	"message": sprintf("the secret %s did not arrive", [secret.name]),
	"expected": secret.declared.path,
} if {
	some secret in secrets
	not input.guest.files[secret.declared.path]
}

deny contains {
	"subject": secret.machine,
	"path": secret.path,
	"message": sprintf("the secret %s arrives with another %s", [secret.name, key]),
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
