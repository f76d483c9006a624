package policies

import (
	"fmt"
	"strings"
)

// Docs returns the reference of policies in Markdown: docs/policies.md, for the built-in ones.
func Docs(policies []Policy) string {
	var b strings.Builder
	b.WriteString(docsHead)
	b.WriteString("| policy | default action | says |\n|---|---|---|\n")
	for _, p := range policies {
		fmt.Fprintf(&b, "| [%s](#%s) | %s | %s |\n", p.ID, p.ID, p.Action, p.Title)
	}
	for _, p := range policies {
		p.document(&b)
	}
	return b.String()
}

const docsHead = `# Policies

<!-- Made by "tlsward policy docs" from the METADATA of the policies. Change those, not this page. -->

Each policy judges a review with this object in place, and has an action: deny refuses the object, warn lets it pass
with a warning that kubectl prints, audit only logs and counts, off does not look. Config changes actions, by namespace
where it says so, and exempts what it names until a day:

` + "```yaml" + `
apiVersion: tlsward.io/v1alpha1
kind: Config
policies:
  double-tls: {action: deny, namespaces: [payments]}
exemptions:
- {policy: plaintext-egress, hosts: [old.example.com], reason: the partner moves in autumn, expires: 2027-01-01}
` + "```" + `

Exemptions are objects of the cluster as well (` + "`kind: Exemption`" + `, [operations](operations.md#exemptions)), with the same fields below
spec. An exemption ends with its day; in its last fortnight it warns. Its namespaces are those of the objects whose reviews it lets
pass, whoever their clients are. ` + "`tlsward report`" + ` lists connections,
which are of their clients: there one with namespaces covers what clients of these alone send. An exemption is for its own connections: one of plaintext-egress,
sni-mismatch or unverified-server that names namespaces does not let clients of others lose the TLS that they had, or its
check, and one that names hosts covers what is sent to these, not what a route takes there from another host. So is an action for some
namespaces. A host that is
exempt from plaintext-egress or tls-pending is left as it is written: the mutating webhook and ` + "`tlsward fix`" + ` fill nothing in
for it, neither targetPort nor TLS, so that what they would have completed leaves in plaintext. To go on completing, let the
policy warn (` + "`action: warn`" + `) instead. Policies of your own are written like these:
[Writing policies](writing-policies.md).

Two more ids stand where a policy's would, and no configuration changes them:

- ` + "`unknown-field`" + ` (deny; check alone): the object has a field that its kind does not have. The API server refuses it where it is
  asked to be strict, as kubectl asks, and drops it otherwise.
- ` + "`review-limit`" + ` (deny): the object touches more of the mesh than a review may. Split it: fewer hosts, ports or routes in one.

`

func (p Policy) document(b *strings.Builder) {
	fmt.Fprintf(b, "\n## %s\n\n%s.\n\n%s\n\n", p.ID, strings.TrimSuffix(p.Title, "."), p.Description)
	fmt.Fprintf(b, "- default action: %s\n- evaluated for: %s\n", p.Action, strings.Join(p.Kinds, ", "))
	if p.Builtin {
		fmt.Fprintf(b, "- source: [policies/rego/%s](../policies/rego/%s)\n", p.ID, p.ID)
	} else {
		fmt.Fprintf(b, "- source: %s\n", p.File)
	}
	for _, l := range p.Links {
		title := l.Title
		if title == "" {
			title = l.URL
		}
		fmt.Fprintf(b, "- see: [%s](%s)\n", title, l.URL)
	}
}
