package mesh

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// numbered returns n texts of a format, as a YAML list.
func numbered(n int, format string) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(format, i)
	}
	return "[" + strings.Join(list, ", ") + "]"
}

// decoded returns the object of a manifest in YAML.
func decoded(t *testing.T, manifest string) *Object {
	t.Helper()
	raw, err := yaml.YAMLToJSON([]byte(manifest))
	if err != nil {
		t.Fatal(err)
	}
	o, err := Decode(raw)
	if err != nil || o == nil {
		t.Fatalf("got %v, %v", o, err)
	}
	return o
}

func TestCheckSize(t *testing.T) {
	policy := func(rules string) string {
		return "{apiVersion: security.istio.io/v1, kind: AuthorizationPolicy, metadata: {name: p, namespace: shop}, spec: {rules: " + rules + "}}"
	}
	entry := func(hosts, ports int) string {
		return "{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: e, namespace: shop}, spec: {resolution: DNS, hosts: " +
			numbered(hosts, "h%d.example") + ", ports: " + numbered(ports, "{number: 1%03d, name: p, protocol: TCP}") + "}}"
	}
	for _, tc := range []struct{ name, object, old, want string }{
		{"hosts by ports", entry(256, 5), "", "spec.hosts x spec.addresses x spec.ports has 1280 entries, and a review looks at 1024 at most"},
		{"as many as a review looks at", entry(256, 4), "", ""},
		{"more than that, stored already", entry(256, 5), entry(256, 5), ""},
		{"more still", entry(256, 6), entry(256, 5), "has 1536 entries"},
		{"rules", policy(numbered(1025, "{to: [{operation: {ports: ['%d']}}]}")), "", "spec.rules, with their from and when, has 1025 entries"},
		{"principals", policy("[{from: [{source: {principals: " + numbered(1025, "cluster.local/ns/a/sa/s%d") + "}}]}]"), "", "the names in spec.rules has 1025 entries"},
		{"addresses, of which lists are long", policy("[{when: [{key: source.ip, notValues: " + numbered(5000, "192.0.2.%d") + "}]}]"), "", ""},
		{"sniHosts", "{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: v, namespace: shop}, spec: {hosts: ['*.example'], tls: [{match: [{sniHosts: " +
			numbered(1025, "h%d.example") + "}], route: [{destination: {host: a.example}}]}]}}", "", "sniHosts of spec.tls has 1025 entries"},
		{"exportTo of a Service", "{apiVersion: v1, kind: Service, metadata: {name: s, namespace: shop, annotations: {networking.istio.io/exportTo: '" +
			strings.Repeat("a,", 256) + "a'}}, spec: {ports: [{port: 80}]}}", "", "metadata.annotations[networking.istio.io/exportTo] has 257 entries"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var old *Object
			if tc.old != "" {
				old = decoded(t, tc.old)
			}
			err := CheckSize(decoded(t, tc.object), old)
			var limit *LimitError
			switch {
			case tc.want == "" && err != nil:
				t.Errorf("got %v", err)
			case tc.want != "" && (!errors.As(err, &limit) || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
}
