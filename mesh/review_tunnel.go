package mesh

import (
	"fmt"

	networking "istio.io/api/networking/v1alpha3"
)

// tunnels returns the fields by which a rule has bytes passed on by a server to which a proxy starts TLS, where that is all the
// TLS that they have.
func tunnels(o *Object, flows []Flow) []unmodelled {
	rule, ok := o.Spec.(*networking.DestinationRule)
	if !ok {
		return nil
	}
	var found []unmodelled
	add := func(policy *networking.TrafficPolicy, subset, path string) {
		for _, f := range flows {
			if policy.GetTunnel() != nil && f.Tunnel != "" && f.Subset == subset && f.Verdict == Originated {
				found = append(found, unmodelled{path + ".tunnel", MeansTunnel})
				return
			}
		}
	}
	add(rule.TrafficPolicy, "", "spec.trafficPolicy")
	for i, sub := range rule.Subsets {
		add(sub.GetTrafficPolicy(), sub.GetName(), fmt.Sprintf("spec.subsets[%d].trafficPolicy", i))
	}
	return found
}
