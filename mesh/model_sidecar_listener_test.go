package mesh

import (
	"strings"
	"testing"

	networking "istio.io/api/networking/v1alpha3"
)

// A listener imports a VirtualService when one of that one's hosts overlaps with its own.
func TestImportsVirtualService(t *testing.T) {
	for _, c := range []struct {
		name, hosts, listener string
		want                  bool
	}{
		{"all", "[a.com]", "*/*", true},
		{"of its namespace", "[a.com]", "v/*", true},
		{"of another namespace", "[a.com]", "other/*", false},
		{"a wildcard of the listener", "[a.com]", "v/*.com", true},
		{"a wildcard of the VirtualService", `["*.com"]`, "v/a.com", true},
		{"one of its hosts", "[b.com, a.com]", "v/a.com", true},
		{"another host", "[b.com]", "v/a.com", false},
		{"what is excluded", "[a.com]", "*/* ~v/a.com", false},
		{"of two hosts one that is not", "[a.com, b.com]", "*/* ~v/a.com", true},
		{"an exclusion that only overlaps", `["*.com"]`, "*/* ~v/a.com", true},
		{"excluded for another namespace", "[a.com]", "*/* ~other/a.com", true},
		{"an exclusion alone takes nothing in", `["*.com"]`, "~v/a.com", false},
		{"what cannot be read", "[a.com]", "*", false},
	} {
		o := objects(t, "{VirtualService v/v: {hosts: "+c.hosts+"}}")[0]
		v := DefaultSettings().virtualService(o, o.Spec.(*networking.VirtualService))
		equal(t, c.name, egressListener{hosts: strings.Fields(c.listener)}.importsVirtualService(v, "own"), c.want)
	}
}
