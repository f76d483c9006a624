package mesh

import (
	"fmt"
	"net/netip"
	"testing"
)

func calledBy(t *testing.T, s *Snapshot, manifest string) string {
	t.Helper()
	return fmt.Sprint(s.PlaintextCalls(objects(t, manifest)[0]))
}

func TestPlaintextCallsByURL(t *testing.T) {
	s := New(DefaultSettings(), objects(t, `
Service auth/keycloak: {ports: [{name: http, port: 80}]}
ServiceEntry shop/idp: {hosts: [idp.example], ports: [{number: 80, name: http, protocol: HTTP}], resolution: DNS}
ServiceEntry shop/local: {hosts: [local.example], ports: [{number: 80, name: http, protocol: HTTP}], resolution: STATIC, location: MESH_INTERNAL, endpoints: [{address: 10.0.0.1}]}
`)...)
	for url, host := range map[string]string{
		"http://wasm.example/a.wasm":               "wasm.example",
		"http://WASM.example.:8080/a.wasm":         "wasm.example",
		"HTTP://wasm.example/a.wasm":               "wasm.example",
		"http://idp.example":                       "idp.example",
		"http://8.8.8.8/a.wasm":                    "8.8.8.8",
		"http://[2001:db8::1]/a.wasm":              "2001:db8::1",
		"https://wasm.example/a.wasm":              "",
		"oci://wasm.example/a":                     "",
		"wasm.example/a":                           "",
		"file:///opt/a.wasm":                       "",
		"http://keycloak/keys":                     "",
		"http://keycloak.auth/keys":                "",
		"http://keycloak.auth.svc/keys":            "",
		"http://other.auth.svc.cluster.local:8080": "",
		"http://local.example":                     "",
		"http://10.1.2.3/keys":                     "",
		"http://127.0.0.1:9000":                    "",
		"http://[::1]:9000":                        "",
		"http://localhost":                         "",
		"http://":                                  "",
		"":                                         "",
		"http://%zz":                               "",
	} {
		want := "[]"
		if host != "" {
			want = "[{spec.url " + host + "}]"
		}
		if have := calledBy(t, s, fmt.Sprintf(`WasmPlugin shop/a: {url: %q}`, url)); have != want {
			t.Errorf("%q: %s, want %s", url, have, want)
		}
	}
}

func TestPlaintextCallsByKind(t *testing.T) {
	s := New(DefaultSettings())
	for manifest, want := range map[string]string{
		`RequestAuthentication shop/a: {jwtRules: [{issuer: a}, {issuer: b, jwksUri: "http://idp.example/keys"}]}`:    "[{spec.jwtRules[1].jwksUri idp.example}]",
		`RequestAuthentication shop/a: {jwtRules: [{issuer: "http://idp.example"}]}`:                                  "[{spec.jwtRules[0].issuer idp.example}]",
		`RequestAuthentication shop/a: {jwtRules: [{issuer: "http://idp.example", jwks: "{}"}]}`:                      "[]",
		`RequestAuthentication shop/a: {jwtRules: [{issuer: "http://idp.example", jwksUri: "https://idp.example/"}]}`: "[]",
		`TrafficExtension shop/a: {wasm: {url: "http://wasm.example/a"}}`:                                             "[{spec.wasm.url wasm.example}]",
		`TrafficExtension shop/a: {lua: {inlineCode: "x"}}`:                                                           "[]",
		`PeerAuthentication shop/a: {}`: "[]",
	} {
		if have := calledBy(t, s, manifest); have != want {
			t.Errorf("%s: %s, want %s", manifest, have, want)
		}
	}
	if have := s.PlaintextCalls(nil); have != nil {
		t.Errorf("of what is deleted: %v", have)
	}
}

func TestPlaintextCallsToInternalAddresses(t *testing.T) {
	settings := DefaultSettings()
	settings.InternalAddresses = []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}
	s := New(settings)
	for host, want := range map[string]string{"203.0.113.7": "[]", "10.0.0.1": "[{spec.url 10.0.0.1}]"} {
		if have := calledBy(t, s, `WasmPlugin shop/a: {url: "http://`+host+`/a"}`); have != want {
			t.Errorf("%s: %s, want %s", host, have, want)
		}
	}
}
