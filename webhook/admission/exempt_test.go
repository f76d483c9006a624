package admission

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies"
	"github.com/tlsward/tlsward/webhook/internal/fixture"
)

// An exemption that names a host spares this host, whatever others fare like it and are told with it, and no other.
func TestAnExemptionOfAHostSparesItAmongMany(t *testing.T) {
	const many = 100 // more than a review tells one by one
	host := func(i int) string { return fmt.Sprintf("h%d.example.com", i) }
	declare := func(name string, hosts ...string) string {
		list, err := json.Marshal(hosts)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf(`
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: %s, namespace: default}
spec:
  hosts: %s
  ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]
  resolution: DNS`, name, list)
	}
	var hosts []string
	var each []*mesh.Object
	for i := range many {
		hosts = append(hosts, host(i))
		each = append(each, fixture.Object(t, declare(fmt.Sprintf("h%d", i), host(i))))
	}
	all := declare("all", hosts...)
	disabled := `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: all, namespace: default}
spec:
  host: "*.example.com"
  exportTo: ["."]
  trafficPolicy: {tls: {mode: DISABLE}}`
	for name, tc := range map[string]struct {
		given  []*mesh.Object
		review string
	}{
		"a rule for entries of their own": {each, disabled},
		"a rule for one fixture.Entry":    {[]*mesh.Object{fixture.Object(t, all)}, disabled},
		"an fixture.Entry for a rule":     {[]*mesh.Object{fixture.Object(t, disabled)}, all},
	} {
		snap := mesh.New(mesh.DefaultSettings(), tc.given...)
		for _, x := range []struct {
			exempt         []string
			denied, spared int
		}{
			{nil, many, 0},
			{[]string{"other.example.com", "example.com"}, many, 0},
			{[]string{host(0)}, many - 1, 1},
			{[]string{host(7)}, many - 1, 1},
			{[]string{host(7), host(3), "H99.Example.com"}, many - 3, 3},
			{[]string{"*.example.com"}, 0, many},
			{[]string{"*"}, 0, many},
		} {
			denied, spared, told := judgeExempt(t, snap, Review{Operation: policies.Create, Object: fixture.JSON(t, tc.review)}, x.exempt)
			if denied != x.denied || spared != x.spared {
				t.Errorf("%s, exempt %v: %d hosts are denied and %d spared, want %d and %d", name, x.exempt, denied, spared,
					x.denied, x.spared)
			}
			if told > len(x.exempt)+1 {
				t.Errorf("%s, exempt %v: %d violations, want hosts that fare alike told together", name, x.exempt, told)
			}
		}
	}
}

var andMore = regexp.MustCompile(` and (one|\d+) hosts? more: `)

// judgeExempt counts the hosts of the default namespace that plaintext-egress denies and that are spared, and the
// violations that tell of them.
func judgeExempt(t *testing.T, snap *mesh.Snapshot, r Review, exempt []string) (denied, spared, told int) {
	t.Helper()
	cfg := v1alpha1.DefaultConfig()
	if exempt != nil {
		cfg.Exemptions = []v1alpha1.ExemptionSpec{{
			Policy: "plaintext-egress", Hosts: exempt, Reason: "later", Expires: v1alpha1.Date{Time: time.Now().AddDate(1, 0, 0)},
		}}
	}
	judge, err := NewEvaluator(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	d, err := judge.Validate(t.Context(), snap, r)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range d.Violations {
		if v.Policy != "plaintext-egress" || v.Client != "sidecar default" {
			continue
		}
		told++
		hosts := 1
		if m := andMore.FindStringSubmatch(v.Message); m != nil {
			others, err := strconv.Atoi(m[1])
			if err != nil {
				others = 1
			}
			hosts += others
		}
		if v.Exempt != "" {
			spared += hosts
		} else {
			denied += hosts
		}
	}
	return denied, spared, told
}
