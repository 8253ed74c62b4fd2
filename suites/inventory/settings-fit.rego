# A setting that the module does not know, or of another type, breaks evaluation only where something reads it: on the day on
# which the first machine gets the role. So every setting is held to the module's interface where it is written, three
# levels deep; what is nested deeper, evaluation finds.
package seaworthy.inventory.settings_fit

import rego.v1

# The interfaces of the roles that are given. clan's are JSON schemas whose entry is `$defs.Input`.
schemas[name][role] := schema if {
	some name, used in input.resolved.instances
	roles := input.modules[used.input][used.module].roles
	is_object(roles)
	some role, definition in roles
	input.inventory.instances[name].roles[role]
	schema := definition.schema
	is_object(schema)
}

entry(schema) := object.get(schema, ["$defs", "Input"], schema)

# A schema, or the one that it refers to.
followed(schema, root) := root["$defs"][trim_prefix(schema["$ref"], "#/$defs/")] if {
	schema["$ref"]
} else := schema

# Settings as they are written: for the whole instance, the role, one of its machines, one of its tags.
written contains [name, role, ["inventory", "instances", name, "settings"], settings] if {
	some name, of_roles in schemas
	some role, _ in of_roles
	settings := input.inventory.instances[name].settings
}

written contains [name, role, ["inventory", "instances", name, "roles", role, "settings"], settings] if {
	some name, of_roles in schemas
	some role, _ in of_roles
	settings := input.inventory.instances[name].roles[role].settings
}

written contains [name, role, ["inventory", "instances", name, "roles", role, kind, member, "settings"], settings] if {
	some name, of_roles in schemas
	some role, _ in of_roles
	some kind in ["machines", "tags"]
	some member, definition in input.inventory.instances[name].roles[role][kind]
	settings := definition.settings
}

# What is held to what: settings to the interface, then each value to the schema of its option.
level_1 := [[name, role, path, settings, followed(entry(root), root)] |
	some [name, role, path, settings] in written
	root := schemas[name][role]
]

level_2 := [inner | some outer in level_1; some inner in options_of(outer)]

level_3 := [inner | some outer in level_2; is_object(outer[3]); some inner in options_of(outer)]

options_of(held) := [[name, role, array.concat(path, [key]), inside, followed(option, root)] |
	[name, role, path, value, schema] := held
	is_plain_object(value)
	root := schemas[name][role]
	some key, inside in value
	option := option_called(key, schema)
]

# Not a property of the module system, such as mkForce: what that stands for is not looked into.
is_plain_object(value) if {
	is_object(value)
	not value._type
}

option_called(key, schema) := schema.properties[key] if {
	schema.properties[key]
} else := schema.additionalProperties if {
	is_object(schema.additionalProperties)
}

# What the module system keeps for itself.
reserved := {"_class", "_file", "imports", "key"}

deny contains {
	"path": array.concat(path, [key]),
	"message": sprintf("role `%s` of instance `%s` has no setting `%s`", [role, name, key]),
	"help": sprintf("settings here: %s", [concat(", ", sort(object.keys(known)))]),
} if {
	some [name, role, path, value, schema] in array.concat(level_1, array.concat(level_2, level_3))
	schema.additionalProperties == false
	is_plain_object(value)
	known := object.get(schema, "properties", {})
	some key in (object.keys(value) - object.keys(known)) - reserved
}

deny contains {
	"path": path,
	"message": sprintf("setting `%s` of role `%s` of instance `%s` has the wrong type", [path[count(path) - 1], role, name]),
	"expected": concat(" or ", wanted),
	"actual": json.marshal(value),
} if {
	some [name, role, path, value, schema] in array.concat(level_2, level_3)
	# Most fit, and are not looked at further.
	not schema.type == type_name(value)
	not value._type
	branches := [followed(branch, schemas[name][role]) | some branch in object.get(schema, "oneOf", [schema])]
	every branch in branches { not fits(value, branch) }
	wanted := {said | some branch in branches; some said in says(branch)}
}

# What a schema of one branch asks for; nothing where it is not understood, and then everything fits.
says(schema) := {schema.type} if {
	is_string(schema.type)
} else := {type | some type in schema.type} if {
	is_array(schema.type)
} else := {json.marshal(one) | some one in object.get(schema, "enum", [])}

fits(value, schema) if count(says(schema)) == 0

fits(value, schema) if type_name(value) in says(schema)

fits(value, schema) if json.marshal(value) in says(schema)

fits(value, schema) if {
	"integer" in says(schema)
	is_number(value)
	value == round(value)
}

deny contains {
	"path": ["inventory", "instances", name, "roles", role],
	"message": sprintf("role `%s` of instance `%s` needs setting `%s`, which %s", [role, name, key, lacking(machines)]),
	"help": sprintf("state it below `roles.%s.settings`, or for each machine", [role]),
} if {
	some name, of_roles in missing
	some role, of_keys in of_roles
	some key, machines in of_keys
}

# The machines whose settings, all merged, lack one that has no default.
missing[name][role][key] contains machine if {
	some name, of_roles in schemas
	some role, root in of_roles
	needed := {key | some key in entry(root).required} - for_all(name, role)
	count(needed) > 0
	some machine in input.resolved.roles[name][role]
	settings := input.resolved.machines[machine].roles[name][role]
	some key in needed - object.keys(settings)
}

# The settings that every member has.
for_all(name, role) := object.keys(object.get(instance, "settings", {})) | object.keys(of_role) if {
	instance := input.inventory.instances[name]
	of_role := object.get(instance.roles[role], "settings", {})
}

lacking(machines) := sprintf("`%s` does not have", [min(machines)]) if {
	count(machines) == 1
} else := sprintf("`%s` and %d others do not have", [min(machines), count(machines) - 1])
