package mesh

import (
	"fmt"
	"strings"
	"testing"
)

// What a review of filter chains looks at is bounded, whatever tenants write.
func TestChainsWork(t *testing.T) {
	const routes, names = 300, 60
	var list, sni []string
	for i := range names {
		sni = append(sni, fmt.Sprintf("n%d.a.example", i))
	}
	for i := range routes {
		list = append(list, fmt.Sprintf(`VirtualService team-%d/v @%d: {hosts: ["*.a.example"], tls: [{match: [{sniHosts: [%s]}], route: [{destination: {host: a.a.example}}]}]}`,
			i, i+1, strings.Join(append(sni, fmt.Sprintf("own%d.a.example", i)), ", ")))
	}
	last := fmt.Sprintf(`VirtualService team-x/v: {hosts: ["*.a.example"], tls: [{match: [{sniHosts: [%s]}], route: [{destination: {host: a.a.example}}]}]}`, strings.Join(sni, ", "))
	before, after := snapshot(t, list...), snapshot(t, append(list, last)...)
	o := after.Get(Ref{Kind: KindVirtualService, Namespace: "team-x", Name: "v"})
	r := &chainsReview{before: before, after: after}
	equal(t, "met before, and more than is looked at", r.routes(o, nil), "[spec.tls]")
	if r.work < maxChainWork || r.work > 2*maxChainWork {
		t.Errorf("it looked at %d", r.work)
	}
	if n := testing.AllocsPerRun(1, func() { after.refusedChains(before, o, nil) }); n > 150_000 {
		t.Errorf("it made %v allocations", n)
	}
}

// Copies of one VirtualService in many namespaces never meet.
func TestChainsAlike(t *testing.T) {
	var list []string
	for i := range 400 {
		list = append(list, fmt.Sprintf(`VirtualService team-%d/v: {hosts: ["*.a.example"], tls: [{match: [{sniHosts: [x.a.example, y.a.example]}], route: [{destination: {host: a.a.example}}]}], tcp: [{route: [{destination: {host: a.a.example}}]}]}`, i))
	}
	before, after := snapshot(t, list[1:]...), snapshot(t, list...)
	r := &chainsReview{before: before, after: after}
	equal(t, "copies meet", r.routes(after.Get(Ref{Kind: KindVirtualService, Namespace: "team-0", Name: "v"}), nil), "[]")
}

// Many namespaces may have an alias of one host, and a Sidecar each.
func TestManyAliases(t *testing.T) {
	const namespaces = 300
	list := []string{`ServiceEntry bank/db: {hosts: [db.bank.example], resolution: DNS, ports: [{number: 443, name: tls, protocol: TLS}]}`}
	for i := range namespaces {
		list = append(list, fmt.Sprintf(`Sidecar team-%d/default: {egress: [{hosts: ["./*", "bank/*", "team-%d/*"]}]}`, i, i),
			fmt.Sprintf(`Service team-%d/db: {externalName: db.bank.example, ports: [{port: 443, name: tls}]}`, i))
	}
	before, after := snapshot(t, list[1:len(list)-1]...), snapshot(t, list...)
	for _, ref := range []Ref{{Kind: KindService, Namespace: "team-299", Name: "db"}, {Kind: KindServiceEntry, Namespace: "bank", Name: "db"}} {
		equal(t, "refused for "+ref.Kind, after.refusedChains(before, after.Get(ref), nil), "[]")
	}
}
