package mesh

import "testing"

// A rule decides, and a setting is had, where some clients see it: those of the namespace, all others, some by name.
func TestRuleSetTLS(t *testing.T) {
	s := snapshot(t, `
		DestinationRule own/sel @1: {host: a.com, workloadSelector: {matchLabels: {app: web}}, trafficPolicy: {tls: {sni: sel}}}
		DestinationRule own/all @2: {host: a.com, exportTo: ["*"], trafficPolicy: {tls: {sni: all}},
		  subsets: [{name: v1, trafficPolicy: {tls: {sni: v1}}}]}
		DestinationRule own/named @3: {host: a.com, exportTo: [other], trafficPolicy: {tls: {sni: named}}}
		DestinationRule own/absorbed @4: {host: a.com, exportTo: [other], trafficPolicy: {tls: {sni: absorbed}}}
		DestinationRule istio-system/private: {host: a.com, exportTo: [.], trafficPolicy: {tls: {sni: private}}}`)
	for _, c := range []struct {
		namespace, rule, subset string
		want                    bool
	}{
		{"own", "sel", "", true},
		{"own", "all", "", true},
		{"own", "named", "", true},
		{"own", "absorbed", "", false},
		{"own", "all", "v1", true},
		{"istio-system", "private", "", true},
	} {
		rule := s.Get(Ref{KindDestinationRule, c.namespace, c.rule})
		set := s.rules.At("a.com\x00" + c.namespace)
		equal(t, c.rule+" "+c.subset+" decides", set.decidesTLS(rule, 80, c.subset), c.want)
		equal(t, c.rule+" is had", set.hasTLS(ruleSpec(rule).TrafficPolicy.Tls, 80, ""), c.want)
	}
}

// The rules of a host are found until the last of them is gone.
func TestRulesComeAndGo(t *testing.T) {
	s := snapshot(t, `
		DestinationRule own/exact: {host: x.a.com}
		DestinationRule own/a: {host: "*.a.com"}
		DestinationRule own/b: {host: "*.a.com"}
		DestinationRule own/short: {host: web}`)
	found := func() []string {
		return append(s.ruleHostsCovering("x.a.com")[1:], ruleLine(s.lookupRules("own", "x.a.com", "own").ruleFor(parseClient("sidecar own"))))
	}
	equal(t, "all", found(), "[*.a.com exact]")
	s = s.Without(Ref{KindDestinationRule, "own", "exact"})
	equal(t, "both", found(), "[*.a.com a+b]")
	s = s.Without(Ref{KindDestinationRule, "own", "a"})
	equal(t, "one", found(), "[*.a.com b]")
	s = s.Without(Ref{KindDestinationRule, "own", "b"})
	equal(t, "none", found(), "[none]")
	short := s.lookupRules("own", "web.own.svc.cluster.local", "own").ruleFor(parseClient("sidecar own"))
	equal(t, "a short name is completed with the rule's namespace", ruleLine(short), "short")
}
