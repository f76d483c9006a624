package mesh

import (
	"strings"
	"testing"
)

// exportTo says which namespaces see an object of namespace "owner".
func TestVisible(t *testing.T) {
	for _, c := range []struct{ name, exportTo, client, want string }{
		{"unset is everybody", "", "other", "seen"},
		{"* is everybody", "*", "other", "seen"},
		{"* beside others is everybody", "team *", "other", "seen"},
		{". is the owner", ".", "owner", "seen"},
		{". is nobody else", ".", "other", "hidden"},
		{"a namespace by name", "team", "team", "seen"},
		{"hides it from the owner", "team", "owner", "hidden"},
		{"one of several names", "team other", "other", "seen"},
		{"~ is nobody", "~", "owner", "hidden"},
		{"~ hides from names beside it", "~ team", "team", "hidden"},
		{"~ beside * is everybody", "~ *", "other", "seen"},
	} {
		want := c.want == "seen"
		equal(t, c.name, visible(strings.Fields(c.exportTo), "owner", c.client), want)
	}
}

func TestPublic(t *testing.T) {
	for exportTo, want := range map[string]bool{"": true, "*": true, "team *": true, "team": false, ".": false, "~": false} {
		equal(t, "exportTo "+exportTo, public(strings.Fields(exportTo)), want)
	}
}

// The order of exportTo and what stands there twice do not count, but unset is not "*".
func TestSameExportTo(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"", "", true},
		{"a b", "b a", true},
		{"a a b", "a b", true},
		{"a", "a b", false},
		{"", "*", false},
		{".", "*", false},
	} {
		equal(t, c.a+" and "+c.b, sameExportTo(strings.Fields(c.a), strings.Fields(c.b)), c.want)
	}
}
