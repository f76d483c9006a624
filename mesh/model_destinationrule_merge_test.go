package mesh

import (
	"fmt"
	"strings"
	"testing"
)

// ruleLine returns what a rule is made of: the rules merged in, whose policy it has, and its subsets with whose they are.
func ruleLine(m *consolidatedRule) string {
	if m == nil {
		return "none"
	}
	var names []string
	for _, o := range m.from {
		names = append(names, o.Name)
	}
	line := strings.Join(names, "+")
	if m.policyFrom != nil {
		line += fmt.Sprintf(" policy=%s(%s)", m.policyFrom.Name, m.policy.GetTls().GetSni())
	}
	for _, s := range m.subsets {
		line += fmt.Sprintf(" %s=%s[%d]", s.Name, s.from.Name, s.index)
	}
	return line
}

// Several rules of namespace "own" for one host, as its own clients and those of namespace "other" have them.
func TestMergeDestinationRules(t *testing.T) {
	for _, c := range []struct{ name, rules, own, other string }{
		{"one rule", `
			DestinationRule own/a: {host: a.com, trafficPolicy: {tls: {sni: a}}, subsets: [{name: v1}]}`,
			"a policy=a(a) v1=a[0]", "a policy=a(a) v1=a[0]"},
		{"equal exportTo: the oldest policy wins whole", `
			DestinationRule own/old @1: {host: a.com, trafficPolicy: {tls: {sni: old}}}
			DestinationRule own/new @2: {host: a.com, trafficPolicy: {tls: {sni: new}}}`,
			"old+new policy=old(old)", "old+new policy=old(old)"},
		{"equal exportTo: the first policy that is there wins", `
			DestinationRule own/old @1: {host: a.com}
			DestinationRule own/mid @2: {host: a.com, trafficPolicy: {tls: {sni: mid}}}
			DestinationRule own/new @3: {host: a.com, trafficPolicy: {tls: {sni: new}}}`,
			"old+mid+new policy=mid(mid)", "old+mid+new policy=mid(mid)"},
		{"equal exportTo: an empty policy is one", `
			DestinationRule own/old @1: {host: a.com, trafficPolicy: {}}
			DestinationRule own/new @2: {host: a.com, trafficPolicy: {tls: {sni: new}}}`,
			"old+new policy=old()", "old+new policy=old()"},
		{"equal exportTo: subsets are concatenated, of one name the oldest stands", `
			DestinationRule own/old @1: {host: a.com, subsets: [{name: v1}]}
			DestinationRule own/new @2: {host: a.com, subsets: [{name: v1}, {name: v2}, {name: v3}]}`,
			"old+new v1=old[0] v2=new[1] v3=new[2]", "old+new v1=old[0] v2=new[1] v3=new[2]"},
		{"equal exportTo: a name that one rule repeats stays as often", `
			DestinationRule own/old @1: {host: a.com, subsets: [{name: v1}]}
			DestinationRule own/new @2: {host: a.com, subsets: [{name: v2}, {name: v1}, {name: v2}]}
			DestinationRule own/last @3: {host: a.com, subsets: [{name: v2}]}`,
			"old+new+last v1=old[0] v2=new[0] v2=new[2]", "old+new+last v1=old[0] v2=new[0] v2=new[2]"},
		{"no creation time is the newest", `
			DestinationRule own/a: {host: a.com, trafficPolicy: {tls: {sni: a}}}
			DestinationRule own/b @1: {host: a.com, trafficPolicy: {tls: {sni: b}}}`,
			"b+a policy=b(b)", "b+a policy=b(b)"},
		{"created in one second: by name", `
			DestinationRule own/a @1: {host: a.com, trafficPolicy: {tls: {sni: a}}}
			DestinationRule own/b @1: {host: a.com, trafficPolicy: {tls: {sni: b}}}`,
			"a+b policy=a(a)", "a+b policy=a(a)"},

		{"unequal exportTo stays apart: the newest wins", `
			DestinationRule own/old @1: {host: a.com, exportTo: [.], subsets: [{name: v1}]}
			DestinationRule own/new @2: {host: a.com, trafficPolicy: {tls: {sni: new}}}`,
			"new policy=new(new)", "new policy=new(new)"},
		{"unset is not equal to *", `
			DestinationRule own/old @1: {host: a.com, trafficPolicy: {tls: {sni: old}}}
			DestinationRule own/new @2: {host: a.com, exportTo: ["*"]}`,
			"new", "new"},
		{"the order of exportTo does not count", `
			DestinationRule own/old @1: {host: a.com, exportTo: [other, .]}
			DestinationRule own/new @2: {host: a.com, exportTo: [., other]}`,
			"old+new", "old+new"},
		{"a younger rule that is exported to more is merged in", `
			DestinationRule own/old @1: {host: a.com, exportTo: [.]}
			DestinationRule own/new @2: {host: a.com, exportTo: [., other]}`,
			"old+new", "new"},
		{"a younger rule that is exported to less is not", `
			DestinationRule own/old @1: {host: a.com, exportTo: [., other]}
			DestinationRule own/new @2: {host: a.com, exportTo: [.]}`,
			"new", "old"},
		{"a rule between them does not keep equals apart", `
			DestinationRule own/a @1: {host: a.com, exportTo: [.]}
			DestinationRule own/b @2: {host: a.com, exportTo: ["*"]}
			DestinationRule own/c @3: {host: a.com, exportTo: ["*"], subsets: [{name: v1}]}`,
			"b+c v1=c[0]", "b+c v1=c[0]"},
		{"the last that stood on its own decides whether the next does", `
			DestinationRule own/a @1: {host: a.com, trafficPolicy: {tls: {sni: a}}}
			DestinationRule own/b @2: {host: a.com, exportTo: ["*"]}
			DestinationRule own/c @3: {host: a.com, trafficPolicy: {tls: {sni: c}}}`,
			"c policy=c(c)", "c policy=c(c)"},

		{"exported to others only", `
			DestinationRule own/a: {host: a.com, exportTo: [other]}`, "none", "a"},
		{"exported to its own namespace by name", `
			DestinationRule own/a: {host: a.com, exportTo: [own]}`, "a", "none"},
		{"exported to nobody", `
			DestinationRule own/a: {host: a.com, exportTo: ["~"]}`, "none", "none"},
		{"by name goes before * where it is the younger", `
			DestinationRule own/old @1: {host: a.com, exportTo: ["*"]}
			DestinationRule own/new @2: {host: a.com, exportTo: [other, third]}`, "old", "new"},
		{"and after it where it is the older", `
			DestinationRule own/old @1: {host: a.com, exportTo: [other]}
			DestinationRule own/new @2: {host: a.com, exportTo: ["*"]}`, "new", "new"},
		{"of two by name the younger", `
			DestinationRule own/old @1: {host: a.com, exportTo: [other, third]}
			DestinationRule own/new @2: {host: a.com, exportTo: [other]}`, "none", "new"},
		{"a name beside * is everybody", `
			DestinationRule own/a @1: {host: a.com, exportTo: [third, "*"]}
			DestinationRule own/b @2: {host: a.com, exportTo: [third]}`, "a", "a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := snapshot(t, c.rules)
			for namespace, want := range map[string]string{"own": c.own, "other": c.other} {
				client := Client{Kind: ClientSidecar, Namespace: namespace}
				equal(t, namespace, ruleLine(s.lookupRules(namespace, "a.com", "own").ruleFor(client)), want)
			}
		})
	}
}

// A rule with a workloadSelector is private, and sorts before all others whatever their age.
func TestMergeSelectorRules(t *testing.T) {
	const selector = ` @2: {host: a.com, workloadSelector: {matchLabels: {app: web}}, subsets: [{name: v1}]}`
	for _, c := range []struct{ name, rules, selected, unselected, other string }{
		{"it stands for the pods that it selects, others have no rule", `
			DestinationRule own/sel` + selector, "sel v1=sel[0]", "none", "none"},
		{"its exportTo does not count", `
			DestinationRule own/sel: {host: a.com, exportTo: ["*"], workloadSelector: {matchLabels: {app: web}}}`,
			"sel", "none", "none"},
		{"it takes the place of the rule for all", `
			DestinationRule own/all @1: {host: a.com, trafficPolicy: {tls: {sni: all}}}
			DestinationRule own/sel` + selector, "sel v1=sel[0]", "all policy=all(all)", "all policy=all(all)"},
		{"it absorbs a rule with exportTo [.], even an older one", `
			DestinationRule own/all @1: {host: a.com, exportTo: [.], trafficPolicy: {tls: {sni: all}}}
			DestinationRule own/sel` + selector, "sel+all policy=all(all) v1=sel[0]", "none", "none"},
		{"a rule that is exported to [., other] is merged in, and stands on its own", `
			DestinationRule own/all @3: {host: a.com, exportTo: [., other], trafficPolicy: {tls: {sni: all}}}
			DestinationRule own/sel` + selector, "sel+all policy=all(all) v1=sel[0]", "all policy=all(all)", "all policy=all(all)"},
		{"selectors for the same labels are one rule", `
			DestinationRule own/sel` + selector + `
			DestinationRule own/twin @3: {host: a.com, workloadSelector: {matchLabels: {app: web}}, subsets: [{name: v2}]}`,
			"sel+twin v1=sel[0] v2=twin[0]", "none", "none"},
		{"selectors for other labels stay apart", `
			DestinationRule own/sel` + selector + `
			DestinationRule own/curl @1: {host: a.com, workloadSelector: {matchLabels: {app: curl}}}`,
			"sel v1=sel[0]", "curl", "none"},
		{"of two that select a pod the older wins", `
			DestinationRule own/sel` + selector + `
			DestinationRule own/wider @1: {host: a.com, workloadSelector: {}, subsets: [{name: v2}]}`,
			"wider v2=wider[0]", "wider v2=wider[0]", "none"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := snapshot(t, c.rules)
			for client, want := range map[string]string{
				"sidecar own app=web": c.selected, "sidecar own app=curl": c.unselected, "sidecar other app=web": c.other,
			} {
				from := parseClient(client)
				equal(t, client, ruleLine(s.lookupRules(from.Namespace, "a.com", "own").ruleFor(from)), want)
			}
		})
	}
}
