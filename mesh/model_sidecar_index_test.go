package mesh

import (
	"fmt"
	"strings"
	"testing"
)

// The index answers as importsHost does.
func TestEgressIndex(t *testing.T) {
	for _, hosts := range []string{
		"*/*", "egress/*", "./*", "./* egress/a.com", "egress/*.com", "egress/*.a.com", "*/* ~/*", "*/* ~egress/a.com", "*/* ~./*.com",
		"a.com", "", "*/* ~*/*.b.com", "own/a.com", "~/*", "egress/*om",
	} {
		list := strings.Fields(hosts)
		o := objects(t, fmt.Sprintf("{Sidecar own/s: {egress: [{hosts: [%s]}]}}", `"`+strings.Join(list, `", "`)+`"`))[0]
		x, ok := Version131.newEgressIndex(o)
		if !ok {
			t.Fatalf("%s: no index", hosts)
		}
		for _, client := range []string{"own", "egress", AnyNamespace} {
			for _, namespace := range []string{"own", "egress", "other"} {
				for _, name := range []string{"a.com", "x.a.com", "*.a.com", "*.com", "b.com", "*.b.com", "*"} {
					equal(t, fmt.Sprint(hosts, " ", client, " ", namespace, "/", name), x.imports(namespace, name, client == namespace),
						importsHost(list, client, namespace, name))
				}
			}
		}
	}
	for _, spec := range []string{"[{port: {number: 80}, hosts: [./*]}]", "[{hosts: [./*]}, {hosts: [./*]}]"} {
		_, ok := Version131.newEgressIndex(objects(t, "{Sidecar own/s: {egress: "+spec+"}}")[0])
		equal(t, spec, ok, false)
	}
}
