package oracle

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"

	"github.com/tlsward/tlsward/mesh"
)

// TestRefusedChains holds what the model says of filter chains that meet against the listener that Istio makes of them. The last object is
// under review, and refused where the client's listener is.
func TestRefusedChains(t *testing.T) {
	const bank = `{kind: ServiceEntry, name: bank, namespace: bank, spec: {hosts: [a.bank.example, b.bank.example], resolution: DNS, ports: [{number: 443, name: tls, protocol: TLS}]}}`
	const tls = `{kind: VirtualService, name: %s, namespace: %s, spec: {hosts: [%s], tls: [{match: [%s], route: [{destination: {host: a.bank.example, port: {number: 443}}}]}]}}`
	const tcp = `{kind: ServiceEntry, name: tcp, namespace: %s, spec: {hosts: [tcp.%s.example], addresses: [%s], resolution: NONE, ports: [{number: 443, name: tcp, protocol: TCP}]}}`
	const ranges = `{kind: VirtualService, name: tcp, namespace: %[1]s, spec: {hosts: [tcp.%[1]s.example], tcp: [{match: [{destinationSubnets: [%[2]s]}], route: [{destination: {host: tcp.%[1]s.example, port: {number: 443}}}]}]}}`
	several := fmt.Sprintf(tls, "bank", "bank", "a.bank.example, b.bank.example", "{sniHosts: [a.bank.example, b.bank.example]}")
	alias := `{apiVersion: v1, kind: Service, name: x, namespace: team-a, spec: {type: ExternalName, externalName: a.bank.example, ports: [{port: 443, name: tls}]}}`
	const named = `{kind: ServiceEntry, name: named, namespace: team-a, spec: {hosts: [%s], resolution: DNS, ports: [{number: 443, name: tls, protocol: TLS}]}}`
	const own = `{kind: Sidecar, name: default, namespace: shop, spec: {egress: [{hosts: ["bank/a.bank.example", "team-a/*"]}]}}`
	alsoOf := func(namespace, host string) string {
		return fmt.Sprintf(`{apiVersion: v1, kind: Service, name: x, namespace: %s, spec: {type: ExternalName, externalName: %s, ports: [{port: 443, name: tls}]}}`, namespace, host)
	}
	teamA := mesh.Client{Kind: mesh.ClientSidecar, Namespace: "team-a"}
	teamB := mesh.Client{Kind: mesh.ClientSidecar, Namespace: "team-b"}
	shop := mesh.Client{Kind: mesh.ClientSidecar, Namespace: "shop"}
	farm := new(Farm)
	for name, c := range map[string]struct {
		objects []string
		client  mesh.Client
		refused bool
	}{
		"a name of several": {[]string{bank, several, fmt.Sprintf(tls, "v", "team-a", "a.bank.example", "{sniHosts: [a.bank.example]}")}, shop, true},
		"the very same":     {[]string{bank, several, fmt.Sprintf(tls, "v", "team-a", "a.bank.example, b.bank.example", "{sniHosts: [a.bank.example, b.bank.example]}")}, shop, false},
		"for pods with a label": {[]string{bank, several, fmt.Sprintf(tls, "v", "team-a", "a.bank.example", "{sniHosts: [a.bank.example], sourceLabels: {app: web}}")},
			mesh.Client{Kind: mesh.ClientSidecar, Namespace: "shop", Labels: map[string]string{"app": "web"}}, true},
		"a host below two routes that have a name in common": {[]string{bank, fmt.Sprintf(tls, "bank", "bank", "a.bank.example, c.bank.example", "{sniHosts: [a.bank.example, c.bank.example]}"),
			fmt.Sprintf(tls, "v", "team-a", "b.bank.example, c.bank.example", "{sniHosts: [b.bank.example, c.bank.example]}")}, shop, true},
		"the range of a host beside another":                              {[]string{fmt.Sprintf(tcp, "team-a", "team-a", "240.7.8.0/24"), fmt.Sprintf(ranges, "team-a", "240.7.8.0/24, 240.7.9.0/24")}, shop, true},
		"the range of a host alone":                                       {[]string{fmt.Sprintf(tcp, "team-a", "team-a", "240.7.8.0/24"), fmt.Sprintf(ranges, "team-a", "240.7.8.0/24")}, shop, false},
		"the range of a host as it is written":                            {[]string{fmt.Sprintf(tcp, "team-a", "team-a", "240.7.8.5/24"), fmt.Sprintf(ranges, "team-a", "240.7.8.5/24")}, shop, false},
		"and written otherwise":                                           {[]string{fmt.Sprintf(tcp, "team-a", "team-a", "240.7.8.5/24"), fmt.Sprintf(ranges, "team-a", "240.7.8.0/24")}, shop, true},
		"half of all, of which Istio makes a condition, beside a route's": {[]string{fmt.Sprintf(tcp, "team-a", "team-a", "0.0.0.5/1"), fmt.Sprintf(ranges, "team-a", "0.0.0.1/1")}, shop, true},
		"and one of which it makes none":                                  {[]string{fmt.Sprintf(tcp, "team-a", "team-a", "0.0.0.5/1"), fmt.Sprintf(ranges, "team-a", "0.0.0.0/1")}, shop, false},
		"a range that is another host's": {[]string{fmt.Sprintf(tcp, "bank", "bank", "240.7.9.0/24"), fmt.Sprintf(tcp, "team-a", "team-a", "240.7.8.0/24"),
			fmt.Sprintf(ranges, "team-a", "240.7.8.0/25, 240.7.9.0/24")}, shop, true},
		"the ranges of two addresses": {[]string{fmt.Sprintf(tcp, "team-a", "team-a", "240.7.8.0/24, 240.7.9.0/24"), fmt.Sprintf(ranges, "team-a", "240.7.8.0/24, 240.7.9.0/24")}, shop, true},
		"an entry for the other name of a host": {[]string{bank, alias,
			`{kind: ServiceEntry, name: x, namespace: team-a, spec: {hosts: [x.team-a.svc.cluster.local], resolution: DNS, ports: [{number: 443, name: tls, protocol: TLS}]}}`}, shop, true},
		"an entry for the other name of a host, of another namespace": {[]string{bank, alias,
			`{kind: ServiceEntry, name: x, namespace: team-b, spec: {hosts: [x.team-a.svc.cluster.local], resolution: DNS, ports: [{number: 443, name: tls, protocol: TLS}]}}`}, teamB, true},
		"an entry for the short name of an alias":      {[]string{bank, alias, fmt.Sprintf(named, "x.team-a")}, shop, true},
		"an entry for the longer short name":           {[]string{bank, alias, fmt.Sprintf(named, "x.team-a.svc")}, shop, true},
		"an alias of its own short name":               {[]string{bank, fmt.Sprintf(named, "x.team-a"), alsoOf("team-a", "x.team-a")}, shop, true},
		"an alias after an entry for its short name":   {[]string{bank, fmt.Sprintf(named, "x.team-a"), alias}, shop, true},
		"an alias of an alias":                         {[]string{bank, fmt.Sprintf(named, "x.team-b"), alsoOf("team-b", "x.team-a.svc.cluster.local"), alias}, shop, true},
		"a name without a dot, in its own namespace":   {[]string{bank, alias, fmt.Sprintf(named, "x")}, teamA, true},
		"a namespace called svc":                       {[]string{bank, alsoOf("svc", "a.bank.example"), fmt.Sprintf(named, "x.svc")}, shop, false},
		"a short name of an alias in another place":    {[]string{bank, alsoOf("team-b", "a.bank.example"), fmt.Sprintf(named, "x.team-a")}, shop, false},
		"a Sidecar of the only client without aliases": {[]string{bank, own, strings.Replace(fmt.Sprintf(named, "x.team-a"), "{hosts", "{exportTo: [shop], hosts", 1), alias}, shop, false},
		"a route that matches a short name": {[]string{bank, alias, fmt.Sprintf(named, "own.example"),
			strings.Replace(fmt.Sprintf(tls, "v", "team-a", "own.example, x.team-a", "{sniHosts: [own.example, x.team-a]}"), "destination: {host: a.bank.example", "destination: {host: own.example", 1)}, shop, true},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := ParseMesh(strings.Join(manifestsOf(t, c.objects), "\n---\n"))
			if err != nil {
				t.Fatal(err)
			}
			tables, err := farm.Load(t, m).Tables(c.client)
			if err != nil {
				t.Fatal(err)
			}
			if got := chainsMeet(tables.outboundListener("", 443)); got != c.refused {
				t.Errorf("Envoy refuses Istio's listener: %v, want %v", got, c.refused)
			}
			last := len(m) - 1
			before, after := decoded(t, m[:last]), decoded(t, m)
			ref := mesh.Ref{Kind: m[last].Kind(), Namespace: m[last].Namespace(), Name: m[last].Name()}
			refused := false
			for _, o := range after.OutsideModelOf(before, ref, after.Get(ref), nil) {
				refused = refused || o.Means == mesh.MeansRefusedListener
			}
			if refused != c.refused {
				t.Errorf("the model says %v, want %v", refused, c.refused)
			}
		})
	}
}

// manifestsOf returns whole manifests of short ones, each a day newer than the one before.
func manifestsOf(t *testing.T, short []string) []string {
	t.Helper()
	var list []string
	for i, text := range short {
		kind, rest, _ := strings.Cut(strings.TrimPrefix(text, "{"), ", name: ")
		name, rest, _ := strings.Cut(rest, ", namespace: ")
		namespace, spec, ok := strings.Cut(rest, ", spec: ")
		if !ok {
			t.Fatalf("no manifest: %s", text)
		}
		if !strings.HasPrefix(kind, "apiVersion") {
			kind = "apiVersion: networking.istio.io/v1, " + kind
		}
		list = append(list, fmt.Sprintf(`{%s, metadata: {name: %s, namespace: %s, creationTimestamp: "2024-01-%02dT00:00:00Z"}, spec: %s`, kind, name, namespace, i+1, spec))
	}
	return list
}

// chainsMeet reports whether Envoy refuses a listener since two of its filter chains have a match in common.
func chainsMeet(l *listener.Listener) bool {
	seen := map[string]bool{}
	for _, chain := range l.GetFilterChains() {
		match := chain.GetFilterChainMatch()
		names := append([]string{}, match.GetServerNames()...)
		ranges := []string{}
		for _, r := range match.GetPrefixRanges() {
			prefix, err := netip.ParsePrefix(fmt.Sprint(r.GetAddressPrefix(), "/", r.GetPrefixLen().GetValue()))
			if err != nil {
				return true
			}
			ranges = append(ranges, prefix.Masked().String()) // source/common/network/cidr_range.cc truncateIpAddressAndLength
		}
		if len(names) == 0 {
			names = []string{""}
		}
		if len(ranges) == 0 {
			ranges = []string{""}
		}
		for _, name := range names {
			for _, r := range ranges {
				key := fmt.Sprint(strings.ToLower(name), " ", r, match.GetTransportProtocol(), match.GetApplicationProtocols())
				if seen[key] {
					return true
				}
				seen[key] = true
			}
		}
	}
	return false
}
