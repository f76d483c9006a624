//go:build proxies

package proxies

import (
	"strings"
	"testing"
)

// cnnEntry and cnnRule are the objects of Istio's page on TLS origination, as it has them before and after.
const (
	cnnEntry = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: edition-cnn-com, namespace: default}
spec:
  hosts: [edition.cnn.com]
  ports:
  - {number: 80, name: http-port, protocol: HTTP}
  - {number: 443, name: https-port, protocol: HTTPS}
  resolution: DNS
`
	cnnRule = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: edition-cnn-com, namespace: default}
spec:
  host: edition.cnn.com
  trafficPolicy:
    portLevelSettings:
    - port: {number: 80}
      tls: {mode: SIMPLE}
`
)

// TestHTTPLeavesUnderTLS is the first source document as it is written: the entry of which the webhook moves port 80 to 443, and
// its rule.
func TestHTTPLeavesUnderTLS(t *testing.T) {
	s := newScene(t)
	cnn := s.server("edition.cnn.com", "edition.cnn.com")
	s.apply(cnnEntry)
	s.apply(cnnRule)
	app := s.sidecar("default", "app", map[string]string{"app": "app"})

	s.gets(app, "http://edition.cnn.com/politics", 200)

	a := s.saw(cnn)
	if !a.TLS || a.SNI != "edition.cnn.com" || !strings.HasSuffix(a.At, ":443") || a.Request != "GET /politics HTTP/1.1" {
		t.Errorf("the server saw %s", a)
	}
	s.agrees(app)
}

// TestWrongNameIsRefused has the server show another name's certificate.
func TestWrongNameIsRefused(t *testing.T) {
	s := newScene(t)
	wrong := s.server("wrong.example", "edition.cnn.com")
	s.apply(cnnEntry)
	s.apply(cnnRule)
	app := s.sidecar("default", "app", nil)

	s.gets(app, "http://edition.cnn.com/", 503)

	if a := s.saw(wrong); !a.TLS || a.Error == "" || a.Request != "" {
		t.Errorf("the server saw %s, want a handshake that the proxy breaks off", a)
	}
}

// TestUnknownAuthorityIsRefused has the server show a certificate of an authority that nobody trusts.
func TestUnknownAuthorityIsRefused(t *testing.T) {
	s := newScene(t)
	unknown, err := s.world.ServerOfUnknownCA("edition.cnn.com", "edition.cnn.com")
	if err != nil {
		t.Fatal(err)
	}
	s.apply(cnnEntry)
	s.apply(cnnRule)
	app := s.sidecar("default", "app", nil)

	s.gets(app, "http://edition.cnn.com/", 503)

	if a := s.saw(unknown); !a.TLS || a.Error == "" || a.Request != "" {
		t.Errorf("the server saw %s, want a handshake that the proxy breaks off", a)
	}
}

// TestPlaintextWithoutTheWebhook is why the product is there: the page's entry alone, with nobody to complete it.
func TestPlaintextWithoutTheWebhook(t *testing.T) {
	s := newScene(t)
	cnn := s.server("edition.cnn.com", "edition.cnn.com")
	s.unseen(cnnEntry)
	app := s.sidecar("default", "app", nil)

	s.gets(app, "http://edition.cnn.com/politics", 200)

	if a := s.saw(cnn); a.TLS || !strings.HasSuffix(a.At, ":80") {
		t.Errorf("the server saw %s, want plaintext", a)
	}
	s.agrees(app)
}
