package policies

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tlsward/tlsward/api/v1alpha1"
)

// noticePeriod is how long before its end an exemption starts to warn: a working fortnight.
const noticePeriod = 14 * 24 * time.Hour

// rules are what a Config makes of the policies: actions and exemptions.
type rules struct {
	strict     bool
	overrides  map[string]v1alpha1.PolicyConfig
	exemptions []v1alpha1.Exemption
	now        func() time.Time
}

// pendingPolicy is the policy that Config.Strict turns into a denial.
const pendingPolicy = "tls-pending"

func newRules(cfg *v1alpha1.Config, policies []Policy) (rules, error) {
	var errs []error
	known := func(field, id string) {
		if !slices.ContainsFunc(policies, func(p Policy) bool { return p.ID == id }) {
			errs = append(errs, fmt.Errorf("%s: there is no policy %q", field, id))
		}
	}
	for id, p := range cfg.Policies {
		known("policies."+id, id)
		if severity(p.Action) < 0 {
			errs = append(errs, fmt.Errorf("policies.%s.action: %q is not deny, warn, audit or off", id, p.Action))
		}
	}
	for i, x := range cfg.Exemptions {
		known(fmt.Sprintf("exemptions[%d].policy", i), x.Policy)
	}
	if err := errors.Join(sortErrors(errs)...); err != nil {
		return rules{}, err
	}
	return rules{strict: cfg.Strict, overrides: cfg.Policies, exemptions: cfg.Exemptions, now: time.Now}, nil
}

// action is what p's violations lead to in this namespace.
func (r *rules) action(p *Policy, namespace string) v1alpha1.Action {
	if o, ok := r.overrides[p.ID]; ok && (len(o.Namespaces) == 0 || slices.Contains(o.Namespaces, namespace)) {
		return o.Action
	}
	if r.strict && p.ID == pendingPolicy {
		return v1alpha1.Deny
	}
	return p.Action
}

// live says whether p can find anything in any namespace at all.
func (r *rules) live(p *Policy) bool {
	o, overridden := r.overrides[p.ID]
	if overridden && len(o.Namespaces) == 0 {
		return o.Action != v1alpha1.Off
	}
	return overridden || r.action(p, "") != v1alpha1.Off
}

// exempt lowers what an exemption covers to audit, or to a warning where the exemption ends soon.
func (r *rules) exempt(found []Violation, in *Input) []Violation {
	if len(r.exemptions) == 0 {
		return found
	}
	now := r.now()
	for i := range found {
		v := &found[i]
		x := r.exemption(v, in, now)
		if x == nil {
			continue
		}
		until := x.Expires.Format(time.DateOnly)
		v.Exempt = fmt.Sprintf("exempted until %s: %s", until, x.Reason)
		action := v1alpha1.Audit
		if x.Expires.Over(now.Add(noticePeriod)) {
			action = v1alpha1.Warn
			v.Message = fmt.Sprintf("the exemption ends on %s (%s); from then on: %s", until, x.Reason, v.Message)
		}
		v.Action = weaker(v.Action, action)
	}
	return found
}

// exemption gives the exemption that lasts longest of those that cover v, or nil.
func (r *rules) exemption(v *Violation, in *Input, now time.Time) *v1alpha1.Exemption {
	var best *v1alpha1.Exemption
	for i := range r.exemptions {
		x := &r.exemptions[i]
		switch {
		case x.Policy != v.Policy || x.Expires.Over(now):
		case !appliesIn(x, in.Request.Namespace):
		case len(x.Hosts) > 0 && !coversHost(x.Hosts, v, in):
		case best == nil || x.Expires.After(best.Expires.Time):
			best = x
		}
	}
	return best
}

func appliesIn(x *v1alpha1.Exemption, namespace string) bool {
	return len(x.Namespaces) == 0 || slices.Contains(x.Namespaces, namespace)
}

// Apart gives what tells hosts apart that exemptions of a namespace treat differently; nil where none does. Flows that
// the mesh tells as one, all but one without their names, must be exempt together or not at all.
func (e *Engine) Apart(namespace string) func(host string) string { return e.rules.apart(namespace) }

func (r *rules) apart(namespace string) func(host string) string {
	var byHost [][]string
	for i := range r.exemptions {
		x := &r.exemptions[i]
		if len(x.Hosts) > 0 && !slices.Contains(x.Hosts, "*") && appliesIn(x, namespace) {
			byHost = append(byHost, x.Hosts)
		}
	}
	if byHost == nil {
		return nil
	}
	return func(host string) string {
		exempt := make([]byte, len(byHost))
		for i, patterns := range byHost {
			exempt[i] = '-'
			if coversAny(patterns, host) {
				exempt[i] = 'x'
			}
		}
		return string(exempt)
	}
}

// coversHost says whether the patterns cover all hosts that v speaks of. Where v's flow stands for other hosts too that
// were not told apart, only "*" does.
func coversHost(patterns []string, v *Violation, in *Input) bool {
	if slices.Contains(patterns, "*") {
		return v.Host != ""
	}
	for i := range in.Egress {
		if f := &in.Egress[i]; !in.Apart && f.Also > 0 && f.Host == v.Host && f.Port == v.Port {
			return false
		}
	}
	return coversAny(patterns, v.Host)
}

func coversAny(patterns []string, host string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return covers(p, host) })
}

// covers says whether a host pattern ("*.example.com", "db.example.com") covers a host, without case. A wildcard host
// is covered by a wildcard that is as wide: "*.example.com" covers "*.db.example.com" and itself.
func covers(pattern, host string) bool {
	pattern, host = strings.ToLower(pattern), strings.ToLower(host)
	if pattern == host {
		return host != ""
	}
	suffix, wild := strings.CutPrefix(pattern, "*.")
	return wild && strings.HasSuffix(host, "."+suffix)
}
