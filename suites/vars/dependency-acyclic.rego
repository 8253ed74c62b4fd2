# Generators that wait for each other never run, and neither does anything that waits for one of them.
package seaworthy.vars.dependency_acyclic

import rego.v1

generators := {machine: declared |
	some machine, evaluated in input.machines
	declared := evaluated.facts.generators
	is_object(declared)
}

# What each machine's generators wait for.
edges[machine] := waits if {
	some machine, declared in generators
	waits := {name: generator.dependencies | some name, generator in declared; count(generator.dependencies) > 0}
	count(waits) > 0
}

reached(waits, name) := graph.reachable(waits, waits[name])

# Told once for each ring, at the generator that comes first by name.
deny contains {
	"subject": machine,
	"path": ["machines", machine, "facts", "generators", name, "dependencies"],
	"message": sprintf("generator `%s` waits for itself", [name]),
	"expected": "an order in which the generators can run",
	"actual": sprintf("`%s` wait for each other", [concat("`, `", sort(ring))]),
} if {
	some machine, waits in edges
	some name, _ in waits
	behind := reached(waits, name)
	name in behind
	ring := {other | some other in behind; name in reached(waits, other)}
	name == min(ring)
}
