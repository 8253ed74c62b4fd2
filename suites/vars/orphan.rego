# What belongs to no generator and no machine any more is still decrypted, deployed and believed: a former machine's key
# still reads what it read.
package seaworthy.vars.orphan

import rego.v1

subject(var) := {"subject": var.machine} if input.resolved.machines[var.machine]
else := {}

fleet contains machine if some machine, _ in input.machines

fleet contains machine if some machine, _ in input.resolved.machines

generators := {machine: declared |
	some machine, evaluated in input.machines
	declared := evaluated.facts.generators
	is_object(declared)
}

# The machines whose generators are known: one that does not evaluate may declare anything.
known contains machine if some machine, _ in generators

known contains machine if {
	some machine, evaluated in input.machines
	evaluated.facts.generators == null
	not evaluated.errors.generators
}

all_known if {
	every machine in fleet { machine in known }
}

# Where no machine has generators, these are not clan's vars.
declares if count(generators) > 0

shared[name] contains file if {
	some declared in generators
	some name, generator in declared
	generator.share
	some file, _ in generator.files
}

# The files that a machine has for itself, by generator.
files_of_machine := {machine: {name: generator.files | some name, generator in declared; not generator.share} |
	some machine, declared in generators
}

generator_of(stored) := generator if {
	generator := object.get(generators, [stored.machine, stored.generator], null)
	is_object(generator)
	not generator.share
}

has_generator(stored) if generator_of(stored)

has_generator(stored) if {
	stored.placement == "shared"
	shared[stored.generator]
}

has_file(var) if {
	generator := object.get(generators, [var.machine, var.generator], null)
	generator.files[var.file]
	not generator.share
}

has_file(var) if {
	var.placement == "shared"
	var.file in shared[var.generator]
}

may_tell(stored) if stored.machine in known

may_tell(stored) if {
	stored.placement == "shared"
	all_known
}

deny contains object.union(subject(var), {
	"path": ["vars", "vars", index],
	"message": sprintf("no generator makes `%s`", [var.path]),
	"expected": sprintf("a generator `%s` with a file `%s`", [var.generator, var.file]),
	"help": "delete the folder, or declare the generator again",
}) if {
	declares
	files := files_of_machine
	some index, var in input.vars.vars
	# Most vars are found at once; only the others are looked at closely.
	not object.get(files, [var.machine, var.generator, var.file], false)
	not has_file(var)
	may_tell(var)
}

deny contains object.union(subject(stored), {
	"path": ["vars", "hashes", index],
	"message": sprintf("`%s` belongs to no generator", [stored.path]),
	"expected": sprintf("a generator `%s`", [stored.generator]),
}) if {
	declares
	some index, stored in input.vars.hashes
	not has_generator(stored)
	may_tell(stored)
}

# Once for each machine that is gone, however much it left behind.
deny contains {
	"path": ["vars", "vars", min(indexes)],
	"message": sprintf("%d var(s) of `%s`, which is no machine of the fleet", [count(indexes), machine]),
	"help": sprintf("delete vars/per-machine/%s", [machine]),
} if {
	declares
	some machine, indexes in left_behind
}

left_behind[name] contains index if {
	# Mostly nobody is gone, and nothing has to be looked for.
	gone := {machine | machine := input.vars.vars[_].machine} - fleet
	count(gone) > 0
	some index, var in input.vars.vars
	var.placement == "per-machine"
	name := var.machine
	name in gone
}

deny contains {
	"path": ["sops", "machines", machine],
	"message": sprintf("the key of `%s`, which is no machine of the fleet", [machine]),
	"help": sprintf("clan secrets machines remove %s, and `clan vars fix`", [machine]),
} if {
	declares
	some machine, _ in input.sops.machines
	not machine in fleet
}

deny contains {
	"path": ["sops", "secrets", name],
	"message": sprintf("the private key of `%s`, which is no machine of the fleet", [secret.machine]),
	"help": sprintf("clan secrets remove %s", [name]),
} if {
	declares
	some name, secret in input.sops.secrets
	not secret.machine in fleet
	is_string(secret.machine)
}

deny contains {
	"path": [part, "strays", index],
	"message": sprintf("`%s` is no part of the layout of vars and secrets, and nothing reads it", [stray.path]),
} if {
	declares
	some part in ["sops", "vars"]
	some index, stray in input[part].strays
}
