package mesh

import (
	"strings"
	"testing"
)

// Of what covers a host, the host itself goes first, then wildcards from the longest to the shortest.
func TestWildcardsCovering(t *testing.T) {
	var index wildcardIndex
	for _, host := range []string{"*", "*.com", "*.example.com", "*.api.example.com", "*-api.example.com", "a.example.com"} {
		index = index.add(host, 1)
	}
	for host, want := range map[string]string{
		"a.example.com":     "a.example.com *.example.com *.com *",
		"b.api.example.com": "b.api.example.com *.api.example.com *.example.com *.com *",
		"x-api.example.com": "x-api.example.com *-api.example.com *.example.com *.com *",
		"example.com":       "example.com *.com *",
		"web":               "web *",
		"A.Example.com":     "A.Example.com *.com *",
		"*.example.com":     "*.example.com *.com *",
		"*.b.example.com":   "*.b.example.com *.example.com *.com *",
		"*":                 "*",
	} {
		equal(t, host, strings.Join(index.covering(host), " "), want)
	}
}

// A wildcard is known until as many were taken away as were added.
func TestWildcardsAreCounted(t *testing.T) {
	index := wildcardIndex{}.add("*", 1)
	for _, c := range []struct {
		by   int
		want string
	}{{0, "[a.com *]"}, {1, "[a.com *.com *]"}, {1, "[a.com *.com *]"}, {-1, "[a.com *.com *]"}, {-1, "[a.com *]"}} {
		index = index.add("*.com", c.by)
		equal(t, "covering a.com", index.covering("a.com"), c.want)
	}
}
