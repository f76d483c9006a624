package mesh

import (
	"cmp"
	"testing"
)

// onlyRule returns the merged rules for a.com that everybody sees of namespace "egress".
func onlyRule(t *testing.T, rules string) *consolidatedRule {
	t.Helper()
	return snapshot(t, rules).lookupRules("own", "a.com", "egress").ruleFor(parseClient("sidecar own"))
}

func TestPolicyFor(t *testing.T) {
	rule := onlyRule(t, `
		DestinationRule egress/a: {host: a.com, trafficPolicy: {tls: {sni: top}}, subsets: [{name: v1, trafficPolicy: {tls: {sni: v1}}}, {name: v2}]}`)
	for subset, want := range map[string]string{"": "top", "v1": "v1", "v2": "", "v3": ""} {
		equal(t, "subset "+subset, rule.policyFor(subset).GetTls().GetSni(), want)
	}
	equal(t, "no rule", (*consolidatedRule)(nil).policyFor("v1") == nil, true)
	_, ok := (*consolidatedRule)(nil).subset("v1")
	equal(t, "subset of no rule", ok, false)
}

// The load balancer of a port and subset: an entry for the port takes the place of the policy around it, the subset's of the rule's.
func TestLoadBalancerFor(t *testing.T) {
	rule := onlyRule(t, `
		DestinationRule egress/a: {host: a.com, trafficPolicy: {loadBalancer: {simple: RANDOM}, portLevelSettings: [
		  {port: {number: 443}, loadBalancer: {simple: ROUND_ROBIN}}, {port: {number: 444}}]}, subsets: [
		  {name: plain}, {name: empty, trafficPolicy: {}}, {trafficPolicy: {loadBalancer: {simple: PASSTHROUGH}}},
		  {name: own, trafficPolicy: {loadBalancer: {simple: PASSTHROUGH},
		  portLevelSettings: [{port: {number: 445}, loadBalancer: {simple: LEAST_REQUEST}}]}}]}`)
	for _, c := range []struct {
		port   uint32
		subset string
		want   string
	}{
		{80, "", "RANDOM"}, {443, "", "ROUND_ROBIN"}, {444, "", "none"},
		{80, "plain", "RANDOM"}, {443, "empty", "ROUND_ROBIN"}, {80, "none", "RANDOM"},
		{80, "own", "PASSTHROUGH"}, {443, "own", "PASSTHROUGH"}, {445, "own", "LEAST_REQUEST"}, {445, "", "RANDOM"},
	} {
		have := "none"
		if lb := rule.loadBalancerFor(c.port, c.subset); lb != nil {
			have = lb.GetSimple().String()
		}
		equal(t, cmp.Or(c.subset, "rule"), have, c.want)
	}
	equal(t, "no rule", (*consolidatedRule)(nil).loadBalancerFor(80, "") == nil, true)
}
