# Who reads a secret is told by links. clan passes over a link that leads nowhere or to another kind, and over a plain
# file: the reader who was meant loses the secret the next time it is encrypted.
package seaworthy.vars.link_kind

import rego.v1

subject(owner) := {"subject": owner.machine} if input.resolved.machines[owner.machine]
else := {}

wrong(link, kind) := sprintf("is a %s, not a link", [link.kind]) if link.kind != "link"
else := "leads nowhere" if not link.resolves
else := sprintf("does not lead into `sops/%s`", [kind]) if not is_string(link.member)
else := sprintf("leads to `%s`", [link.member])

deny contains told(["vars", "vars", index, "links", kind, number], kind, var, link) if {
	some index, kind, number
	link := input.vars.vars[index].links[kind][number]
	not link.sound
	var := input.vars.vars[index]
}

deny contains told(["sops", "secrets", name, "links", kind, number], kind, secret, link) if {
	some name, secret in input.sops.secrets
	some kind, links in secret.links
	some number, link in links
	not link.sound
}

deny contains told(["sops", "groups", name, kind, number], kind, group, link) if {
	some name, group in input.sops.groups
	some kind in ["users", "machines"]
	some number, link in group[kind]
	not link.sound
}

told(at, kind, owner, link) := object.union(subject(owner), {
	"path": at,
	"message": sprintf("`%s` %s", [link.path, wrong(link, kind)]),
	"expected": sprintf("a link to sops/%s/%s", [kind, link.name]),
	"actual": object.get(link, "target", link.kind),
})
