package mesh

import (
	"testing"

	"google.golang.org/protobuf/types/known/wrapperspb"
	networking "istio.io/api/networking/v1alpha3"
)

// Which of a rule's TLS settings a port and subset have: the subset's for the port, the subset's, the rule's for the port,
// the rule's.
func TestTLSFor(t *testing.T) {
	const rule = `
		DestinationRule egress/a @1: {host: a.com, trafficPolicy: {tls: {sni: top}, portLevelSettings: [
		  {port: {number: 443}, tls: {sni: port}}, {port: {number: 443}, tls: {sni: second}}, {port: {number: 444}}, {tls: {sni: portless}}]},
		  subsets: [
		  {name: plain}, {trafficPolicy: {tls: {sni: nameless}}},
		  {name: tls, trafficPolicy: {tls: {sni: subset}}},
		  {name: port, trafficPolicy: {portLevelSettings: [{port: {number: 443}, tls: {sni: subset-port}}, {port: {number: 445}}]}},
		  {name: empty, trafficPolicy: {}}, {name: first, trafficPolicy: {portLevelSettings: [{port: {number: 445}}]}}]}
		DestinationRule egress/b @2: {host: a.com, trafficPolicy: {tls: {sni: absorbed}},
		  subsets: [{name: younger, trafficPolicy: {tls: {sni: younger}}}]}`
	for _, c := range []struct {
		name      string
		port      uint32
		subset    string
		sni, from string
	}{
		{"the rule's", 80, "", "top", "a spec.trafficPolicy.tls"},
		{"the port's goes before the rule's; the first entry wins", 443, "", "port", "a spec.trafficPolicy.portLevelSettings[0].tls"},
		{"an entry for a port inherits nothing", 444, "", "", "a spec.trafficPolicy.portLevelSettings[2].tls"},
		{"an entry without a port is for none", 0, "", "top", "a spec.trafficPolicy.tls"},
		{"a subset without a policy has the rule's", 80, "plain", "top", "a spec.trafficPolicy.tls"},
		{"and the port's", 443, "plain", "port", "a spec.trafficPolicy.portLevelSettings[0].tls"},
		{"a subset that sets no TLS, too", 443, "empty", "port", "a spec.trafficPolicy.portLevelSettings[0].tls"},
		{"the subset's goes before the rule's", 80, "tls", "subset", "a spec.subsets[2].trafficPolicy.tls, by subset"},
		{"and before the port's", 443, "tls", "subset", "a spec.subsets[2].trafficPolicy.tls, by subset"},
		{"the subset's for the port goes before all", 443, "port", "subset-port", "a spec.subsets[3].trafficPolicy.portLevelSettings[0].tls, by subset"},
		{"for other ports such a subset has the rule's", 80, "port", "top", "a spec.trafficPolicy.tls"},
		{"an entry of a subset inherits nothing", 445, "port", "", "a spec.subsets[3].trafficPolicy.portLevelSettings[1].tls, by subset"},
		{"nor does the first", 445, "first", "", "a spec.subsets[5].trafficPolicy.portLevelSettings[0].tls, by subset"},
		{"a subset of a rule that was merged in", 80, "younger", "younger", "b spec.subsets[0].trafficPolicy.tls, by subset"},
		{"a subset that is not there", 80, "none", "top", "a spec.trafficPolicy.tls"},
	} {
		t.Run(c.name, func(t *testing.T) {
			have := onlyRule(t, rule).tlsFor(c.port, c.subset)
			from := have.decision.Object.Name + " " + have.decision.Field
			if have.bySubset {
				from += ", by subset"
			}
			equal(t, "sni", have.settings.GetSni(), c.sni)
			equal(t, "is set", have.settings != nil, c.sni != "")
			equal(t, "from", from, c.from)
		})
	}
}

// Where no rule sets a policy the first is the one that would have to; the policy of a younger one is that one's.
func TestTLSDecisionOfMergedRules(t *testing.T) {
	none := onlyRule(t, "{DestinationRule egress/a @1: {host: a.com}, DestinationRule egress/b @2: {host: a.com}}")
	equal(t, "no policy", none.tlsFor(80, "").decision, "DestinationRule egress/a spec.trafficPolicy.tls")
	younger := onlyRule(t, "{DestinationRule egress/a @1: {host: a.com}, DestinationRule egress/b @2: {host: a.com, trafficPolicy: {}}}")
	equal(t, "the younger rule's", younger.tlsFor(80, "").decision, "DestinationRule egress/b spec.trafficPolicy.tls")
}

func TestSameTLS(t *testing.T) {
	type tls = networking.ClientTLSSettings
	full := tls{Mode: networking.ClientTLSSettings_SIMPLE, Sni: "a", SubjectAltNames: []string{"a"}}
	for name, other := range map[string]*tls{
		"mode":     {Sni: "a", SubjectAltNames: []string{"a"}},
		"sni":      {Mode: full.Mode, Sni: "b", SubjectAltNames: []string{"a"}},
		"names":    {Mode: full.Mode, Sni: "a"},
		"secret":   {Mode: full.Mode, Sni: "a", SubjectAltNames: []string{"a"}, CredentialName: "x"},
		"CA":       {Mode: full.Mode, Sni: "a", SubjectAltNames: []string{"a"}, CaCertificates: "x"},
		"own":      {Mode: full.Mode, Sni: "a", SubjectAltNames: []string{"a"}, ClientCertificate: "x"},
		"key":      {Mode: full.Mode, Sni: "a", SubjectAltNames: []string{"a"}, PrivateKey: "x"},
		"CRL":      {Mode: full.Mode, Sni: "a", SubjectAltNames: []string{"a"}, CaCrl: "x"},
		"insecure": {Mode: full.Mode, Sni: "a", SubjectAltNames: []string{"a"}, InsecureSkipVerify: wrapperspb.Bool(true)},
		"none":     nil,
	} {
		equal(t, "another "+name, sameTLS(&full, other), false)
		equal(t, "another "+name+", the other way round", sameTLS(other, &full), false)
	}
	same := tls{Mode: full.Mode, Sni: "a", SubjectAltNames: []string{"a"}, InsecureSkipVerify: wrapperspb.Bool(false)}
	equal(t, "false is as good as unset", sameTLS(&full, &same), true)
	equal(t, "both unset", sameTLS(nil, nil), true)
}

// Whether a rule sets TLS, and which SNIs, wherever in the rule.
func TestRuleTLSAnywhere(t *testing.T) {
	for _, c := range []struct {
		name, spec string
		asks       bool
		sni        string
	}{
		{"nowhere", `{host: a.com}`, false, "[]"},
		{"at the top", `{host: a.com, trafficPolicy: {tls: {mode: SIMPLE, sni: a}}}`, true, "[a]"},
		{"DISABLE is none", `{host: a.com, trafficPolicy: {tls: {mode: DISABLE}}}`, false, "[]"},
		{"no mode is none", `{host: a.com, trafficPolicy: {tls: {sni: a}, portLevelSettings: [{port: {number: 80}, tls: {sni: b}}]}}`, false, "[a b]"},
		{"on a port", `{host: a.com, trafficPolicy: {portLevelSettings: [{port: {number: 80}},
		  {port: {number: 81}, tls: {mode: SIMPLE, sni: a}}]}}`, true, "[a]"},
		{"in a subset", `{host: a.com, subsets: [{name: v1}, {name: v2, trafficPolicy: {tls: {mode: SIMPLE, sni: a}}}]}`, true, "[a]"},
		{"on a port of a subset", `{host: a.com, subsets: [{name: v1,
		  trafficPolicy: {portLevelSettings: [{tls: {mode: MUTUAL, sni: a}}]}}]}`, true, "[a]"},
	} {
		spec := ruleSpec(objects(t, "{DestinationRule egress/a: "+c.spec+"}")[0])
		equal(t, c.name+": asks for TLS", asksForTLS(spec), c.asks)
		equal(t, c.name+": SNIs", sniOf(spec), c.sni)
	}
}
