package policies

import (
	"strings"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
)

// applyCeilings lowers each violation to the strictest of the ceilings that the namespaces have which it touches: the object's, and those
// of the clients that it is about. A namespace whose ceiling is low cannot harm others by that.
func applyCeilings(found []Violation, in *Input) {
	if len(in.Ceilings) == 0 {
		return
	}
	for i := range found {
		if v := &found[i]; !v.Undecided {
			v.Action = weaker(v.Action, in.ceilingFor(v))
		}
	}
}

// ceilingFor returns the strongest action that a violation may have. One that is about no client, or about one that only its policy knows,
// is about all that the review has to answer for.
func (in *Input) ceilingFor(v *Violation) v1alpha1.Action {
	own, about, all := in.ceilingIn(in.Request.Namespace), v1alpha1.Off, in.ceilingOfOthers()
	for i := range in.Egress {
		f := &in.Egress[i]
		theirs := in.ceilingOf(f.Client)
		all = stronger(all, theirs)
		if f.Host == v.Host && f.Port == v.Port && f.Client.String() == v.Client {
			about = stronger(about, theirs)
		}
	}
	if about == v1alpha1.Off {
		about = all
	}
	return stronger(own, about)
}

// ceilingOfOthers returns the strictest of the namespaces that a review has to answer for beside those of clients: that of an
// AuthorizationPolicy that another object keeps from its workloads, those of Ingresses and of the Services that they lead to.
func (in *Input) ceilingOfOthers() v1alpha1.Action {
	others := v1alpha1.Off
	if in.Opened != nil && in.Opened.Policy != nil {
		others = in.ceilingIn(in.Opened.Policy.Namespace)
	}
	for _, leg := range in.IngressLegs {
		service, _, _ := strings.Cut(leg.Service, "/")
		others = stronger(others, stronger(in.ceilingIn(leg.Ingress.Namespace), in.ceilingIn(service)))
	}
	return others
}

// ceilingOf returns that of a client. A gateway, a waypoint and a ztunnel send what pods of any namespace have sent them.
func (in *Input) ceilingOf(c mesh.Client) v1alpha1.Action {
	if c.Kind != mesh.ClientSidecar {
		return v1alpha1.Deny
	}
	return in.ceilingIn(c.Namespace)
}

// ceilingIn returns that of a namespace; mesh.AnyNamespace, which has none, stands for many.
func (in *Input) ceilingIn(namespace string) v1alpha1.Action {
	if ceiling, ok := in.Ceilings[namespace]; ok {
		return ceiling
	}
	return v1alpha1.Deny
}

// stronger returns the stronger of two actions.
func stronger(a, b v1alpha1.Action) v1alpha1.Action {
	if severity(b) > severity(a) {
		return b
	}
	return a
}
