//go:build proxies

package proxies

import (
	"strings"
	"testing"
)

// TestApplicationTLSIsUntouched is the first page once more: what the application encrypts itself passes as it is.
func TestApplicationTLSIsUntouched(t *testing.T) {
	s := newScene(t)
	cnn := s.server("edition.cnn.com", "edition.cnn.com")
	s.published("Istio TLS origination: access to edition.cnn.com over HTTP and HTTPS", 0)
	app := s.sidecar("default", "app", nil)

	s.gets(app, "https://edition.cnn.com/politics", 200)

	if a := s.saw(cnn); !a.TLS || a.SNI != "edition.cnn.com" || a.Request != "GET /politics HTTP/1.1" || len(a.ALPN) > 0 {
		t.Errorf("the server saw %s with ALPN %q, want the application's own ClientHello", a, a.ALPN)
	}
	s.agrees(app)
}

// TestClientCertificateOfASidecar is mutual TLS from the sidecars of one client, with the certificate of a Secret. The rule's name is
// not checked, and other pods are in plaintext, as the webhook warns.
func TestClientCertificateOfASidecar(t *testing.T) {
	s := newScene(t)
	const host = "my-nginx.mesh-external.svc.cluster.local"
	nginx := s.server(host, host)
	s.credential("default", "client-credential", "client.example", "curl")
	s.published("Istio TLS origination: mutual TLS origination from the sidecar of one client", 0)
	curl := s.sidecar("default", "curl", map[string]string{"app": "curl"})
	other := s.sidecar("default", "other", nil)

	s.gets(curl, "http://"+host+"/", 200)
	if a := s.saw(nginx); !a.TLS || a.SNI != host || a.Client != "client.example" {
		t.Errorf("the server saw %s, want the certificate of client.example", a)
	}
	s.gets(other, "http://"+host+"/", 200)
	if a := s.saw(nginx); a.TLS || !strings.HasSuffix(a.At, ":443") {
		t.Errorf("the server saw %s of a pod that the rule does not select", a)
	}
	s.agrees(curl)
	s.agrees(other)
}

// ingressLabels are those of Istio's own ingress gateway.
var ingressLabels = map[string]string{"istio": "ingressgateway"}

// TestMutualTLSBehindALoadBalancer is the ingress gateway behind a load balancer that has its own TLS towards it.
func TestMutualTLSBehindALoadBalancer(t *testing.T) {
	s := newScene(t)
	const (
		name = "mycluster-a1b2cdef345678g9hi012j3kl4567890-0001"
		host = "httpbin.mycluster.us-south.containers.appdomain.cloud"
	)
	httpbin := s.workload("httptools", "httpbin", map[string]string{"app": "httpbin"}, 8000)
	s.credential(rootNamespace, name, host, "istio-ingressgateway")
	s.published("IBM ALB to Istio gateway: ingress gateway with mutual TLS", 0)
	ingress := s.gateway(rootNamespace, "istio-ingressgateway", ingressLabels, 80, 443)

	status, err := s.visitor(host, "balancer.example").Get(ingress, 443, host, "/status/200")
	if err != nil || status != 200 {
		t.Errorf("with the right SNI and a certificate: %d, %v", status, err)
	}
	if a := s.saw(httpbin); a.Request != "GET /status/200 HTTP/1.1" {
		t.Errorf("the application saw %s", a)
	}
	if status, err := s.visitor(host, "").Get(ingress, 443, host, "/status/200"); err == nil {
		t.Errorf("without a certificate: %d", status)
	}
	if status, err := s.visitor("other.example", "balancer.example").Get(ingress, 443, host, "/status/200"); err == nil {
		t.Errorf("with another SNI: %d", status)
	}
	if seen := httpbin.Seen(); len(seen) > 0 {
		t.Errorf("the application saw %s of those that are refused", seen)
	}
}

// TestRedirectToHTTPS is the reference's gateway, whose plain server sends everybody to HTTPS.
func TestRedirectToHTTPS(t *testing.T) {
	s := newScene(t)
	s.published("Gateway tour: section 1 gateways and virtual services of the reference", 2)
	ingress := s.gateway("some-config-namespace", "my-gateway", map[string]string{"app": "my-gateway-controller"}, 80, 443, 2379, 9080, 9443)

	status, err := s.visitor("", "").Get(ingress, 80, "uk.bookinfo.com", "/reviews/")
	if err != nil || status != 301 {
		t.Errorf("want 301, have %d, %v", status, err)
	}
}

// TestOnlyOneIdentityMayCall has a policy with a principal let one identity in.
func TestOnlyOneIdentityMayCall(t *testing.T) {
	s := newScene(t)
	s.published("mesh identity: only one identity may call", 0)
	httpbin := s.workload("team-a", "httpbin", map[string]string{"app": "httpbin"}, 8000)
	friend := s.sidecar("team-a", "curl", nil)
	stranger := s.sidecar("team-b", "curl", nil)

	const url = "http://httpbin.team-a.svc.cluster.local:8000/"
	s.gets(friend, url, 200)
	if a := s.saw(httpbin); a.Request == "" {
		t.Errorf("the application saw %s", a)
	}
	s.gets(stranger, url, 403)
	if seen := httpbin.Seen(); len(seen) > 0 {
		t.Errorf("the application saw %s of the stranger", seen)
	}
}

// mysqlGateway is the egress gateway's server that the published routes name.
const mysqlGateway = `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: istio-egressgateway-mysql, namespace: default}
spec:
  selector: {istio: egressgateway}
  servers:
  - port: {number: 15443, name: tls, protocol: TLS}
    hosts: [mysql.fqdn.example]
    tls: {mode: ISTIO_MUTUAL}
`

// TestMySQLThroughTheEgressGateway has MySQL, whose server speaks first, pass the egress gateway under TLS with its certificate. The
// server's name is not checked, as the webhook warns.
func TestMySQLThroughTheEgressGateway(t *testing.T) {
	s := newScene(t)
	const host = "mysql.fqdn.example"
	server := s.server("wrong.example", host)
	s.credential(rootNamespace, "client-credential", "client.example", egressService)
	egress := s.gateway(rootNamespace, egressService, map[string]string{"istio": "egressgateway"}, 80, 443, 15443)
	s.apply(mysqlGateway)
	s.published("Google MySQL egress: client cluster: MySQL through the egress gateway", 0)
	s.settle(egress)
	app := s.sidecar("default", "app", nil)

	version, err := app.MySQL(t.Context(), host+":3306")
	if err != nil || version != "8.4.0-tlsward" {
		t.Errorf("the greeting is of %q, %v", version, err)
	}
	a := s.saw(server)
	if !a.TLS || a.SNI != host || a.Client != "client.example" || a.Request != "login of root" || !strings.HasPrefix(a.From, egress.Address+":") {
		t.Errorf("the server saw %s from %s, want the login from the gateway at %s", a, a.From, egress.Address)
	}
	s.agrees(app)
	s.agrees(egress)
}
