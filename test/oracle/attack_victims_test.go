package oracle

import (
	"slices"
	"testing"
)

// TestVictimsAreUnderTLS shows that there is something to take: of each host of which an attack makes a victim, connections
// of other namespaces are under TLS with the server's name checked before anything is written; but for those whose TLS is
// the application's own.
func TestVictimsAreUnderTLS(t *testing.T) {
	a := new(Attacker)
	under, made := map[string]int{}, map[string]int{}
	for i := range uint64(60) {
		m := NewGenerator(1, i).Attack().Victims
		walks, err := a.walk(m, resolved(m))
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range *walks {
			if w.to.family == "TLS" || w.client.Namespace == tenantNamespace {
				continue
			}
			made[w.to.host]++
			under[w.to.host] += count(w.isUnderTLS())
		}
	}
	hosts := []string{
		"api.example.com", "vip.example.com", "static.example.com", "db.example.com", "sniffed.example.com", "out.example.com", "bytes.example.com",
		"metrics.example.com",
	}
	for _, host := range hosts {
		t.Logf("%s: %d of %d connections under checked TLS", host, under[host], made[host])
		if under[host] == 0 {
			t.Errorf("none of %d connections to %s was under checked TLS", made[host], host)
		}
	}
	for host := range made {
		if !slices.Contains(hosts, host) {
			t.Errorf("%s is a victim that this test does not know", host)
		}
	}
}
