package audit

import (
	"cmp"
	"slices"
)

// Remedies finds what policies say of connections.
type Remedies struct{ byTarget map[target][]Finding }

type target struct {
	host string
	port uint32
}

// NewRemedies returns the remedies in findings.
func NewRemedies(findings []Finding) Remedies {
	r := Remedies{map[target][]Finding{}}
	for _, f := range findings {
		if f.Host != "" {
			key := target{f.Host, f.Port}
			r.byTarget[key] = append(r.byTarget[key], f)
		}
	}
	return r
}

// For returns the finding that speaks of a connection: of those on its host and port the one of its own client before others, with
// a fix before without, the strongest first. ok is false where no policy says anything.
func (r Remedies) For(c Connection) (found Finding, ok bool) {
	candidates := slices.DeleteFunc(slices.Clone(r.byTarget[target{c.Host, c.Port}]), func(f Finding) bool {
		return !slices.Contains(c.toldBy(), f.Policy)
	})
	if len(candidates) == 0 {
		return Finding{}, false
	}
	client := c.Client.String()
	return slices.MinFunc(candidates, func(a, b Finding) int {
		return cmp.Or(compareBool(b.Client == client, a.Client == client), compareBool(b.Fix != "", a.Fix != ""),
			compareActions(a.Action, b.Action), cmp.Compare(a.Object.String(), b.Object.String()))
	}), true
}

// toldBy returns the policies that speak of a connection.
func (c Connection) toldBy() []string {
	switch c.State {
	case Plaintext:
		return append(c.letBy(), "ineffective-tls", "uncovered-client", "unspecified-protocol", "unknown-host")
	case Unchecked:
		return append(c.letBy(), "sni-mismatch")
	}
	return c.letBy()
}
