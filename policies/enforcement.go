package policies

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
)

// expiryNotice is how long before its end an exemption warns: two weeks, for those who are on holiday in one of them.
const expiryNotice = 14 * 24 * time.Hour

// enforcement holds what a Config says of policies: their actions, and exemptions from them.
type enforcement struct {
	ceiling    v1alpha1.Action
	strict     bool
	overrides  map[string]v1alpha1.PolicyConfig
	exemptions []v1alpha1.ExemptionSpec
	now        func() time.Time
}

// strictIDs are the ids of the policies whose warning becomes a denial with Config.Strict.
func strictIDs() []string { return []string{"tls-pending", "outside-model"} }

// newEnforcement returns what cfg says of the policies. It is an error if it names others, unless policies are still to come.
func newEnforcement(cfg *v1alpha1.Config, policies []Policy, incomplete bool) (enforcement, error) {
	var errs []error
	known := func(field, id string) {
		if !incomplete && !hasID(policies, id) {
			errs = append(errs, v1alpha1.FieldError{Field: field, Message: unknownID(id)})
		}
	}
	for id, p := range cfg.Policies {
		known("policies."+id, id)
		if severity(p.Action) < 0 {
			errs = append(errs, v1alpha1.FieldError{Field: "policies." + id + ".action", Message: fmt.Sprintf("%q is not deny, warn, audit or off", p.Action)})
		}
	}
	for i, x := range cfg.Exemptions {
		known(fmt.Sprintf("exemptions[%d].policy", i), x.Policy)
	}
	if err := errors.Join(sortErrors(errs)...); err != nil {
		return enforcement{}, err
	}
	return enforcement{
		ceiling: cmp.Or(cfg.Enforcement, v1alpha1.Deny), strict: cfg.Strict, overrides: cfg.Policies, exemptions: cfg.Exemptions, now: time.Now,
	}, nil
}

func hasID(policies []Policy, id string) bool {
	return slices.ContainsFunc(policies, func(p Policy) bool { return p.ID == id })
}

func unknownID(id string) string { return fmt.Sprintf("there is no policy %q%s", id, unchangeable(id)) }

// unchangeable says of an id that stands where a policy's would that it is none.
func unchangeable(id string) string {
	if id == "unknown-field" || id == "review-limit" {
		return " that a configuration changes: it always denies"
	}
	return ""
}

// actions are those that a violation may have: the one that it has where it names none, and the strongest that it may name.
type actions struct{ usual, strongest v1alpha1.Action }

// limitsFor returns the actions of p's violations in a review. What Config says of a policy in some namespaces is for what their own
// clients lose: an object of theirs that takes TLS, or its check, from clients of others is judged as it is elsewhere.
func (e *enforcement) limitsFor(p *Policy, in *Input) func(*Violation) actions {
	here, elsewhere := e.actions(p, in.Request.Namespace), e.actions(p, "")
	o := e.overrides[p.ID]
	if len(o.Namespaces) == 0 || severity(here.strongest) >= severity(elsewhere.strongest) {
		return func(*Violation) actions { return here }
	}
	theirs := &v1alpha1.ExemptionSpec{Namespaces: o.Namespaces}
	return func(v *Violation) actions {
		if coversLosses(theirs, v, in) {
			return here
		}
		return elsewhere
	}
}

// actions returns the actions of p's violations in a namespace. What the Config says of p is both; neither is stronger than
// Config.Enforcement.
func (e *enforcement) actions(p *Policy, namespace string) actions {
	a := e.uncapped(p, namespace)
	return actions{weaker(a.usual, e.ceiling), weaker(a.strongest, e.ceiling)}
}

func (e *enforcement) uncapped(p *Policy, namespace string) actions {
	if o, ok := e.overrides[p.ID]; ok && (len(o.Namespaces) == 0 || slices.Contains(o.Namespaces, namespace)) {
		return actions{o.Action, o.Action}
	}
	if e.strict && slices.Contains(strictIDs(), p.ID) {
		return actions{v1alpha1.Deny, v1alpha1.Deny}
	}
	return actions{p.Action, p.Strongest}
}

// enabled reports whether p has an action other than off in any namespace.
func (e *enforcement) enabled(p *Policy) bool {
	o, overridden := e.overrides[p.ID]
	if overridden && len(o.Namespaces) == 0 {
		return o.Action != v1alpha1.Off
	}
	return overridden || e.actions(p, "").usual != v1alpha1.Off
}

// applyExemptions lowers the violations that an exemption covers to audit, or to warn where the exemption ends within
// expiryNotice.
func (e *enforcement) applyExemptions(found []Violation, in *Input) []Violation {
	if len(e.exemptions) == 0 {
		return found
	}
	now := e.now()
	for i := range found {
		v := &found[i]
		x := e.exemptionFor(v, in, now)
		if x == nil {
			continue
		}
		v.Exempt = ExemptionNote(x)
		action := v1alpha1.Audit
		if x.Expires.Over(now.Add(expiryNotice)) {
			action = v1alpha1.Warn
			v.Message = endingSoon(v, x)
		}
		v.Action = weaker(v.Action, action)
	}
	return found
}

// endingSoon returns a violation's message with the exemption behind its client: clients that differ in nothing else are told together.
func endingSoon(v *Violation, x *v1alpha1.ExemptionSpec) string {
	exempt := fmt.Sprintf("exempt until %s: %s", x.Expires.Format(time.DateOnly), x.Reason)
	if rest, led := strings.CutPrefix(v.Message, v.Client); led && v.Client != "" {
		return fmt.Sprintf("%s (%s)%s", v.Client, exempt, rest)
	}
	return exempt + "; from then on: " + v.Message
}

// ExemptionNote returns what a violation says of its exemption, and that nothing is filled in for its hosts where that is so.
func ExemptionNote(x *v1alpha1.ExemptionSpec) string {
	if LeavesAsWritten(x.Policy) {
		return x.Note() + notCompleted
	}
	return x.Note()
}

const notCompleted = " (not completed: exempt hosts are left as written)"

// LeavesAsWritten reports whether an exemption from a policy lets hosts be in plaintext, so that nothing is filled in for them.
func LeavesAsWritten(policy string) bool {
	return policy == "plaintext-egress" || policy == "tls-pending"
}

// exemptionFor returns the exemption that expires last of those that cover v, or nil.
func (e *enforcement) exemptionFor(v *Violation, in *Input, now time.Time) *v1alpha1.ExemptionSpec {
	var best *v1alpha1.ExemptionSpec
	for i := range e.exemptions {
		x := &e.exemptions[i]
		switch {
		case x.Policy != v.Policy || x.Expires.Over(now):
		case !appliesIn(x, in.Request.Namespace):
		case len(x.Hosts) > 0 && !coversHost(x, v, in):
		case !coversLosses(x, v, in):
		case best == nil || x.Expires.After(best.Expires.Time):
			best = x
		}
	}
	return best
}

func appliesIn(x *v1alpha1.ExemptionSpec, namespace string) bool {
	return len(x.Namespaces) == 0 || slices.Contains(x.Namespaces, namespace)
}

// ExemptHosts returns the lists of hosts that exemptions have in a namespace. mesh.Review must not let a flow stand
// for hosts that different ones of them cover (Flow.OtherHosts does not name the hosts), so that all of it is exempt,
// or none of it.
func (e *Engine) ExemptHosts(namespace string) mesh.HostLists {
	return e.enforcement.exemptHosts(namespace)
}

func (e *enforcement) exemptHosts(namespace string) mesh.HostLists {
	var lists mesh.HostLists
	for i := range e.exemptions {
		x := &e.exemptions[i]
		if len(x.Hosts) > 0 && !slices.Contains(x.Hosts, "*") && appliesIn(x, namespace) {
			lists = append(lists, x.Hosts)
		}
	}
	return lists
}

// coversLosses reports whether the exemption is for what the connections that v is about lose: their TLS, or its check. An
// exemption is for its own connections: where it names namespaces, for what their clients lose, whoever wrote the object; where
// it names hosts, for what was sent to these, and not for what a route takes there from another host.
func coversLosses(x *v1alpha1.ExemptionSpec, v *Violation, in *Input) bool {
	for i := range in.Egress {
		f := &in.Egress[i]
		if f.Host != v.Host || f.Port != v.Port || f.Client.String() != v.Client {
			continue
		}
		asked, lost := lossOf(v.Policy, f)
		switch {
		case !lost:
		case len(x.Namespaces) > 0 && !slices.Contains(x.Namespaces, f.Client.Namespace):
			return false
		case len(x.Hosts) > 0 && !x.CoversHost(asked):
			return false
		}
	}
	return true
}

// lossOf returns the host that the client of a flow asks for. lost reports whether a policy speaks of what it loses.
func lossOf(policy string, f *mesh.Flow) (asked string, lost bool) {
	switch policy {
	case "plaintext-egress":
		wasEncrypted := slices.Contains([]mesh.Verdict{mesh.Originated, mesh.DoubleTLS, mesh.ApplicationTLS}, f.Before)
		return cmp.Or(f.AsksFor, f.Host), wasEncrypted && (f.Verdict == mesh.Plaintext || f.HopKind == mesh.HopMesh) || f.TakenFromTLS != nil
	case "sni-mismatch", "unverified-server":
		if f.LostVerification != nil {
			return f.LostVerification.Host, true
		}
	}
	return f.Host, false
}

// coversHost reports whether the exemption is for all hosts that v is about. Where v's flow stands for others that were
// not told apart by ExemptHosts, only "*" covers those.
func coversHost(x *v1alpha1.ExemptionSpec, v *Violation, in *Input) bool {
	if slices.Contains(x.Hosts, "*") {
		return v.Host != ""
	}
	for i := range in.Egress {
		if f := &in.Egress[i]; !in.GroupedByExemption && f.OtherHosts > 0 && f.Host == v.Host && f.Port == v.Port {
			return false
		}
	}
	return x.CoversHost(v.Host)
}
