package mesh

import (
	"strings"
	"testing"
)

// Which of a Sidecar's egress hosts take in host a.com of namespace "egress", for pods of namespace "own".
func TestImportsHost(t *testing.T) {
	for _, c := range []struct {
		name, hosts string
		want        bool
	}{
		{"all of all namespaces", "*/*", true},
		{"all of its namespace", "egress/*", true},
		{"all of another", "own/*", false},
		{"all of the client's namespace", "./*", false},
		{"the host", "egress/a.com", true},
		{"the host of another namespace", "other/a.com", false},
		{"the host, wherever it is from", "*/a.com", true},
		{"a wildcard", "egress/*.com", true},
		{"another host", "egress/b.com", false},
		{"one of several", "own/* egress/a.com", true},
		{"none", "~/*", false},
		{"none, whatever else is taken in", "*/* ~/*", false},
		{"but the host", "*/* ~egress/a.com", false},
		{"but the host, said first", "~egress/a.com */*", false},
		{"but another host", "*/* ~egress/b.com", true},
		{"but the host of another namespace", "*/* ~other/a.com", true},
		{"but a wildcard", "*/* ~*/*.com", false},
		{"no namespace", "a.com", false},
		{"a namespace too many", "egress/egress/a.com", false},
		{"a namespace that is empty", "/a.com", false},
		{"nothing", "", false},
	} {
		equal(t, c.name, importsHost(strings.Fields(c.hosts), "own", "egress", "a.com"), c.want)
	}
	equal(t, ". is the client's namespace", importsHost([]string{"./a.com"}, "egress", "egress", "a.com"), true)
	equal(t, ". is no namespace that is known, for all other clients", importsHost([]string{"./a.com"}, AnyNamespace, AnyNamespace, "a.com"), false)
	equal(t, "~. is the client's namespace", importsHost([]string{"*/*", "~./a.com"}, "egress", "egress", "a.com"), false)
}
