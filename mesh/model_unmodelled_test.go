package mesh

import (
	"fmt"
	"testing"
)

func TestUnmodelledFields(t *testing.T) {
	for manifest, want := range map[string]string{
		`PeerAuthentication shop/a: {mtls: {mode: DISABLE}}`:                                               "[{spec.mtls.mode no-mtls}]",
		`PeerAuthentication shop/a: {mtls: {mode: STRICT}, portLevelMtls: {15443: {mode: DISABLE}}}`:       "[{spec.portLevelMtls[15443].mode no-mtls}]",
		`PeerAuthentication shop/a: {mtls: {mode: STRICT}}`:                                                "[]",
		`PeerAuthentication shop/a: {mtls: {mode: PERMISSIVE}}`:                                            "[]",
		`PeerAuthentication shop/a: {mtls: {mode: UNSET}, portLevelMtls: {80: {mode: PERMISSIVE}}}`:        "[]",
		`PeerAuthentication shop/a: {}`:                                                                    "[]",
		`ProxyConfig shop/a: {environmentVariables: {ISTIO_META_DNS_CAPTURE: "true"}}`:                     "[{spec.environmentVariables[ISTIO_META_DNS_CAPTURE] capture}]",
		`ProxyConfig shop/a: {environmentVariables: {ISTIO_META_INTERCEPTION_MODE: NONE, A: b}}`:           "[{spec.environmentVariables[ISTIO_META_INTERCEPTION_MODE] capture}]",
		`ProxyConfig shop/a: {environmentVariables: {ISTIO_META_IDLE_TIMEOUT: 1s}}`:                        "[]",
		`ProxyConfig shop/a: {image: {imageType: own}}`:                                                    "[{spec.image.imageType image}]",
		`ProxyConfig shop/a: {image: {imageType: distroless}, concurrency: 2}`:                             "[]",
		`WasmPlugin shop/a: {url: x}`:                                                                      "[{spec.match extension}]",
		`WasmPlugin shop/a: {url: x, match: [{mode: SERVER}, {mode: CLIENT}, {ports: [{number: 80}]}]}`:    "[{spec.match[1].mode extension} {spec.match[2].mode extension}]",
		`WasmPlugin shop/a: {url: x, match: [{mode: SERVER}]}`:                                             "[]",
		`WasmPlugin shop/a: {url: x, match: [{mode: SERVER}], targetRef: {kind: Gateway, name: waypoint}}`: "[{spec.match[0].mode extension}]",
		`TrafficExtension shop/a: {lua: {inlineCode: x}, match: [{mode: CLIENT_AND_SERVER}]}`:              "[{spec.match[0].mode extension}]",
		`TrafficExtension shop/a: {lua: {inlineCode: x}, match: [{mode: SERVER}]}`:                         "[]",
	} {
		if have := fmt.Sprint(unmodelledFields(objects(t, manifest)[0])); have != want {
			t.Errorf("%s: %s, want %s", manifest, have, want)
		}
	}
}

// The annotation that takes the place of a Gateway's selector counts outside the root namespace alone.
func TestGatewayServiceAnnotation(t *testing.T) {
	const annotated = `: {metadata: {annotations: {internal.istio.io/gateway-service: x}}}`
	for manifest, want := range map[string]OutsideMeans{
		"Gateway shop/a" + annotated:         MeansGatewayPods,
		"Gateway istio-system/a" + annotated: "",
		"VirtualService shop/a" + annotated:  "",
	} {
		o := objects(t, manifest)[0]
		found := snapshot(t, manifest).OutsideModelOf(snapshot(t), o.Ref, o, nil)
		if len(found) != 1 || found[0].Means != want {
			t.Errorf("%s: %v, want one that means %q", manifest, found, want)
		}
	}
}
