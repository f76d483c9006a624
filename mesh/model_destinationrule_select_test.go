package mesh

import (
	"fmt"
	"strings"
	"testing"
)

// More rules than are looked at one by one are found by a label of their selector, to the same answer.
func TestManySelectorRules(t *testing.T) {
	var rules strings.Builder
	for i := range maxUnindexedRules {
		fmt.Fprintf(&rules, "DestinationRule own/rule-%d @%d: {host: a.com, workloadSelector: {matchLabels: {app: app-%d, version: v1}}}\n", i, i+10, i)
	}
	const all = "DestinationRule own/all: {host: a.com}\n"
	for _, c := range []struct{ name, more, client, want string }{
		{"the labels of one", all, "sidecar own app=app-3 version=v1", "rule-3"},
		{"a label more than the selector's", all, "sidecar own app=app-3 version=v1 other=x", "rule-3"},
		{"not all labels", all, "sidecar own app=app-3", "all"},
		{"no labels", all, "sidecar own", "all"},
		{"no labels and no rule for all", "DestinationRule own/z: {host: a.com, workloadSelector: {matchLabels: {z: z}}}", "sidecar own", "none"},
		{"the older of two", all + "DestinationRule own/z @1: {host: a.com, workloadSelector: {matchLabels: {version: v1}}}", "sidecar own app=app-3 version=v1", "z"},
		{"the older of two, by a label that sorts later", all + "DestinationRule own/z @90: {host: a.com, workloadSelector: {matchLabels: {version: v1}}}", "sidecar own app=app-3 version=v1", "rule-3"},
		{"a selector without labels", all + "DestinationRule own/z @1: {host: a.com, workloadSelector: {}}", "sidecar own app=app-3 version=v1", "z"},
		{"a younger selector without labels", all + "DestinationRule own/z @90: {host: a.com, workloadSelector: {}}", "sidecar own app=app-3 version=v1", "rule-3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			client := parseClient(c.client)
			lookup := snapshot(t, rules.String(), c.more).lookupRules("own", "a.com", "own")
			equal(t, "indexed", lookup.found.byLabel != nil, true)
			equal(t, c.client, ruleLine(lookup.ruleFor(client)), c.want)
		})
	}
}
