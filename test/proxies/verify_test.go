//go:build proxies

package proxies

import (
	"strings"
	"testing"
)

// plaintextFilter takes the TLS of the first source document away, by no object that tlsward follows.
const plaintextFilter = `
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: no-tls, namespace: default}
spec:
  workloadSelector: {labels: {app: app}}
  configPatches:
  - applyTo: CLUSTER
    match: {context: SIDECAR_OUTBOUND, cluster: {service: edition.cnn.com, portNumber: 80}}
    patch:
      operation: MERGE
      value:
        transport_socket:
          name: envoy.transport_sockets.raw_buffer
          typed_config: {"@type": type.googleapis.com/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer}
`

// TestVerifyNamesAnEnvoyFilter has an EnvoyFilter take the TLS of a connection, which is seen, and verify names it.
func TestVerifyNamesAnEnvoyFilter(t *testing.T) {
	s := newScene(t)
	cnn := s.server("edition.cnn.com", "edition.cnn.com")
	s.apply(cnnEntry)
	s.apply(cnnRule)
	s.unseen(plaintextFilter)
	patched := s.sidecar("default", "patched", map[string]string{"app": "app"})
	other := s.sidecar("default", "other", map[string]string{"app": "other"})

	if _, err := patched.Get("http://edition.cnn.com/"); err != nil {
		t.Fatal(err)
	}

	if a := s.saw(cnn); a.TLS {
		t.Errorf("the server saw %s, want what the EnvoyFilter has", a)
	}
	report, code := s.verify(patched, other)
	if code != 1 || !strings.Contains(report, "likeliest cause: EnvoyFilter default/no-tls spec.configPatches[0]") ||
		!strings.Contains(report, "4 connections of 2 proxies compared: 3 agree, 1 differ") {
		t.Errorf("tlsward verify ends with %d, want the EnvoyFilter named, and nothing else", code)
	}
}

// TestVerifyTellsAProxyThatIsBehind changes a rule while the proxy hears nothing of istiod.
func TestVerifyTellsAProxyThatIsBehind(t *testing.T) {
	s := newScene(t)
	s.server("edition.cnn.com", "edition.cnn.com")
	s.apply(cnnEntry)
	s.apply(cnnRule)
	behind := s.sidecar("default", "behind", nil)
	behind.relay.kill()
	pause() // versions are told by the second
	s.unseen(strings.Replace(cnnRule, "mode: SIMPLE", "mode: SIMPLE, sni: www.cnn.com, subjectAltNames: [www.cnn.com]", 1))

	report, code := s.verify(behind)
	if code != 1 || !strings.Contains(report, "likeliest cause: DestinationRule default/edition-cnn-com was changed at") {
		t.Errorf("tlsward verify ends with %d, want that the proxy is behind the rule", code)
	}
}
