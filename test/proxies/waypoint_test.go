//go:build proxies

package proxies

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// The objects of an egress waypoint: the namespace is in ambient mode, and its entries use the waypoint.
const (
	ambientNamespace = `
apiVersion: v1
kind: Namespace
metadata: {name: ambient, labels: {istio.io/dataplane-mode: ambient, istio.io/use-waypoint: waypoint}}
`
	waypointGateway = `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: waypoint, namespace: ambient, labels: {istio.io/waypoint-for: service}}
spec:
  gatewayClassName: istio-waypoint
  listeners:
  - {name: mesh, port: 15008, protocol: HBONE}
`
)

// TestTLSFromAWaypoint has a pod in ambient mode ask a host whose entry uses a waypoint, which starts TLS, and takes no certificate of
// another name.
func TestTLSFromAWaypoint(t *testing.T) {
	s := newScene(t)
	s.ambient()
	cnn := s.server("edition.cnn.com", "edition.cnn.com")
	inAmbient := strings.NewReplacer("namespace: default", "namespace: ambient")
	for _, text := range []string{ambientNamespace, waypointGateway, inAmbient.Replace(cnnEntry), inAmbient.Replace(cnnRule)} {
		s.apply(text)
	}
	at := netip.AddrPortFrom(s.allocated("ambient", "edition-cnn-com"), 80)
	waypoint := s.waypoint("ambient")
	app, err := s.world.AmbientClient(t.Context(), waypoint, "ambient", "app")
	if err != nil {
		t.Fatal(err)
	}

	if status, err := app.Get(at, "edition.cnn.com", "/politics"); err != nil || status != 200 {
		t.Errorf("the answer is %d, %v", status, err)
	}
	if a := s.saw(cnn); !a.TLS || a.SNI != "edition.cnn.com" || !strings.HasSuffix(a.At, ":443") || !strings.HasPrefix(a.From, waypoint.Address+":") {
		t.Errorf("the server saw %s from %s, want TLS from the waypoint at %s", a, a.From, waypoint.Address)
	}
	s.agrees(waypoint)

	wrong, err := s.world.trusted.issue("wrong.example")
	if err != nil {
		t.Fatal(err)
	}
	cnn.present(wrong, wrong)
	if status, err := app.Get(at, "edition.cnn.com", "/"); err != nil || status != 503 {
		t.Errorf("with another name's certificate the answer is %d, %v", status, err)
	}
	if a := s.saw(cnn); !a.TLS || a.Error == "" || a.Request != "" {
		t.Errorf("the server saw %s, want a handshake that the waypoint breaks off", a)
	}
}

// allocated waits until istiod has given a ServiceEntry an address, and returns it.
func (s *scene) allocated(namespace, name string) netip.Addr {
	s.Helper()
	var entry unstructured.Unstructured
	entry.SetAPIVersion("networking.istio.io/v1")
	entry.SetKind("ServiceEntry")
	ctx, cancel := context.WithTimeout(s.Context(), 20*time.Second)
	defer cancel()
	for ctx.Err() == nil {
		if err := s.world.unseen.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, &entry); err != nil {
			s.Fatal(err)
		}
		given, _, _ := unstructured.NestedSlice(entry.Object, "status", "addresses")
		for _, g := range given {
			if address, ok := g.(map[string]any); ok {
				if a, err := netip.ParseAddr(address["value"].(string)); err == nil && a.Is4() {
					return a
				}
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.Fatalf("istiod gave %s/%s no address", namespace, name)
	return netip.Addr{}
}
