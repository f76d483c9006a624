//go:build proxies

package proxies

import (
	"strings"
	"testing"
)

// The objects of an egress gateway as the gateway tour's sections 6.2 and 7.2 have them.
const (
	egressService = "istio-egressgateway"
	plainEntry    = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: cnn, namespace: default}
spec:
  hosts: [edition.cnn.com]
  ports:
  - {number: 80, name: http-port, protocol: HTTP}
  - {number: 443, name: https, protocol: HTTPS}
  resolution: DNS
`
	plainGateway = `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: istio-egressgateway, namespace: default}
spec:
  selector: {istio: egressgateway}
  servers:
  - port: {number: 80, name: http, protocol: HTTP}
    hosts: [edition.cnn.com]
`
	plainSubset = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: egressgateway-for-cnn, namespace: default}
spec:
  host: istio-egressgateway.istio-system.svc.cluster.local
  subsets:
  - {name: cnn}
`
	plainRoutes = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: direct-cnn-through-egress-gateway, namespace: default}
spec:
  hosts: [edition.cnn.com]
  gateways: [istio-egressgateway, mesh]
  http:
  - match:
    - {gateways: [mesh], port: 80}
    route:
    - destination: {host: istio-egressgateway.istio-system.svc.cluster.local, subset: cnn, port: {number: 80}}
      weight: 100
  - match:
    - {gateways: [istio-egressgateway], port: 80}
    route:
    - destination: {host: edition.cnn.com, port: {number: 80}}
      weight: 100
`
	mutualGateway = `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: istio-egressgateway, namespace: default}
spec:
  selector: {istio: egressgateway}
  servers:
  - port: {number: 80, name: https-port-for-tls-origination, protocol: HTTPS}
    hosts: [edition.cnn.com]
    tls: {mode: ISTIO_MUTUAL}
`
	mutualSubset = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: egressgateway-for-cnn, namespace: default}
spec:
  host: istio-egressgateway.istio-system.svc.cluster.local
  subsets:
  - name: cnn
    trafficPolicy:
      loadBalancer: {simple: ROUND_ROBIN}
      portLevelSettings:
      - port: {number: 80}
        tls: {mode: ISTIO_MUTUAL, sni: edition.cnn.com}
`
	originatingRule = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: originate-tls-for-edition-cnn-com, namespace: default}
spec:
  host: edition.cnn.com
  trafficPolicy:
    loadBalancer: {simple: ROUND_ROBIN}
    portLevelSettings:
    - port: {number: 443}
      tls: {mode: SIMPLE}
`
)

// mutualRoutes are plainRoutes to port 443 of the host.
var mutualRoutes = strings.Replace(plainRoutes, "{host: edition.cnn.com, port: {number: 80}}", "{host: edition.cnn.com, port: {number: 443}}", 1)

// TestTLSFromTheEgressGateway is section 7.2 as it is written, in its order.
func TestTLSFromTheEgressGateway(t *testing.T) {
	s := newScene(t)
	cnn := s.server("edition.cnn.com", "edition.cnn.com")
	egress := s.gateway("istio-system", egressService, map[string]string{"istio": "egressgateway"}, 80, 443)
	for _, text := range []string{strings.Replace(plainEntry, "http-port", "http", 1), mutualGateway, mutualSubset, mutualRoutes, originatingRule} {
		s.apply(text)
	}
	s.settle(egress)
	app := s.sidecar("default", "app", nil)

	s.gets(app, "http://edition.cnn.com/politics", 200)

	if a := s.saw(cnn); !a.TLS || a.SNI != "edition.cnn.com" || !strings.HasPrefix(a.From, egress.Address+":") {
		t.Errorf("the server saw %s from %s, want TLS from the gateway at %s", a, a.From, egress.Address)
	}
	if report, code := s.verify(app, egress); code != 0 {
		t.Errorf("tlsward verify ends with %d:\n%s", code, report)
	}
}

// TestPlaintextFromTheEgressGatewayIsDenied is section 6.2: what the denial says is seen without the webhook, and what its fix
// promises with it.
func TestPlaintextFromTheEgressGatewayIsDenied(t *testing.T) {
	s := newScene(t)
	cnn := s.server("edition.cnn.com", "edition.cnn.com")
	egress := s.gateway("istio-system", egressService, map[string]string{"istio": "egressgateway"}, 80, 443)
	for _, text := range []string{plainEntry, plainGateway, plainSubset} {
		s.apply(text)
	}
	s.refuses("plaintext-egress", plainRoutes)

	s.unseen(plainEntry)
	s.unseen(plainRoutes)
	s.settle(egress)
	app := s.sidecar("default", "app", nil)
	s.gets(app, "http://edition.cnn.com/", 200)
	if a := s.saw(cnn); a.TLS || !strings.HasPrefix(a.From, egress.Address+":") {
		t.Errorf("the server saw %s from %s, want plaintext from the gateway", a, a.From)
	}

	s.remove(plainRoutes)
	s.apply(plainEntry)
	s.mended(plainRoutes)
	s.settle(egress)
	after := s.sidecar("default", "after", nil)
	s.gets(after, "http://edition.cnn.com/", 200)
	if a := s.saw(cnn); !a.TLS || a.SNI != "edition.cnn.com" {
		t.Errorf("after the fix the server saw %s", a)
	}
}

// denial is a write that is refused, tried.
type denial struct {
	name, policy string
	// given is applied before, write is refused.
	given, write string
	// url is asked for; status answers it, and seen is what the server with the certificate named sees, without the webhook.
	url, certificate string
	status           int
	seen             func(Arrival) bool
}

// denials has one for each way in which TLS is lost towards one host.
func denials() []denial {
	rule := func(tls string) string { return strings.Replace(cnnRule, "{mode: SIMPLE}", tls, 1) }
	plaintext := func(a Arrival) bool { return !a.TLS }
	return []denial{
		{
			"TLS that is switched off", "plaintext-egress", cnnEntry, rule("{mode: DISABLE}"),
			"http://edition.cnn.com/", "edition.cnn.com", 200, plaintext,
		},
		{
			"another name as SNI", "sni-mismatch", cnnEntry, rule("{mode: SIMPLE, sni: wrong.example, subjectAltNames: [edition.cnn.com]}"),
			"http://edition.cnn.com/", "edition.cnn.com", 200, func(a Arrival) bool { return a.TLS && a.SNI == "wrong.example" },
		},
	}
}

// TestDenialsAreTrue tries each denial with the webhook off, sees on the wire what it says, applies its fix with the webhook on, and
// sees TLS with the right SNI and a checked name.
func TestDenialsAreTrue(t *testing.T) {
	for _, d := range denials() {
		t.Run(d.name, func(t *testing.T) {
			s := newScene(t)
			server := s.server(d.certificate, "edition.cnn.com")
			s.apply(d.given)
			message := s.refuses(d.policy, d.write)
			t.Logf("denied: %s", message)

			s.unseen(d.write)
			before := s.sidecar("default", "before", nil)
			s.gets(before, d.url, d.status)
			if a := s.saw(server); !d.seen(a) {
				t.Errorf("without the webhook the server saw %s", a)
			}
			s.agrees(before)

			s.remove(d.write)
			s.mended(d.write)
			after := s.sidecar("default", "after", nil)
			s.gets(after, d.url, 200)
			if a := s.saw(server); !a.TLS || a.SNI != "edition.cnn.com" || a.Error != "" {
				t.Errorf("after the fix the server saw %s", a)
			}
			s.agrees(after)
		})
	}
}

// TestRightSNIUncheckedName is Istio's own page with sni: a warning says that the name is not checked, and the wire shows it.
func TestRightSNIUncheckedName(t *testing.T) {
	s := newScene(t)
	wrong := s.server("wrong.example", "edition.cnn.com")
	s.apply(cnnEntry)
	s.apply(strings.Replace(cnnRule, "{mode: SIMPLE}", "{mode: SIMPLE, sni: edition.cnn.com}", 1))
	app := s.sidecar("default", "app", nil)

	s.gets(app, "http://edition.cnn.com/", 200)

	if a := s.saw(wrong); !a.TLS || a.Request == "" {
		t.Errorf("the server with another name's certificate saw %s, want the request", a)
	}
	s.agrees(app)
}
