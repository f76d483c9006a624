package oracle

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/tlsward/tlsward/mesh"
)

// followedFlag is a variable that the model follows, with another value than Istio's default.
type followedFlag struct {
	variable string
	// tests are those whose answers hang on it; mesh is one where they do, whatever is random, by compare.
	tests, mesh string
	compare     comparer
}

func followedFlags() []followedFlag {
	return []followedFlag{
		{"ENABLE_ENHANCED_DESTINATIONRULE_MERGE=false", "TestOracle|TestRoutes", `
kind: ServiceEntry
apiVersion: networking.istio.io/v1
metadata: {name: a, namespace: default}
spec: {hosts: [edition.cnn.com], ports: [{number: 80, name: http, protocol: HTTP}], resolution: DNS}
---
kind: DestinationRule
apiVersion: networking.istio.io/v1
metadata: {name: old, namespace: default, creationTimestamp: "2026-01-01T00:00:00Z"}
spec: {host: edition.cnn.com, exportTo: ["*"], trafficPolicy: {tls: {mode: SIMPLE}}}
---
kind: DestinationRule
apiVersion: networking.istio.io/v1
metadata: {name: new, namespace: default, creationTimestamp: "2026-01-02T00:00:00Z"}
spec: {host: edition.cnn.com, trafficPolicy: {tls: {mode: DISABLE}}}
`, new(Farm).Compare},
		{"PILOT_SIDECAR_PICK_BEST_SERVICE_NAMESPACE=false", "TestOracle|TestRoutes", `
kind: ServiceEntry
apiVersion: networking.istio.io/v1
metadata: {name: a, namespace: apps, creationTimestamp: "2026-01-02T00:00:00Z"}
spec: {hosts: [edition.cnn.com], ports: [{number: 80, name: http, protocol: HTTP, targetPort: 8080}], resolution: DNS}
---
kind: ServiceEntry
apiVersion: networking.istio.io/v1
metadata: {name: a, namespace: istio-system, creationTimestamp: "2026-01-01T00:00:00Z"}
spec: {hosts: [edition.cnn.com], ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}], resolution: DNS}
---
kind: VirtualService
apiVersion: networking.istio.io/v1
metadata: {name: a, namespace: default}
spec: {hosts: [news.example], http: [{route: [{destination: {host: edition.cnn.com}}]}]}
---
kind: Sidecar
apiVersion: networking.istio.io/v1
metadata: {name: default, namespace: default}
spec: {egress: [{hosts: ["./*"]}]}
`, new(Farm).Compare},
		{"PILOT_SCOPE_GATEWAY_TO_NAMESPACE=true", "TestOracle|TestGatewayRoutes", `
kind: ServiceEntry
apiVersion: networking.istio.io/v1
metadata: {name: a, namespace: apps}
spec: {hosts: [edition.cnn.com], ports: [{number: 80, name: http, protocol: HTTP}], resolution: DNS}
---
kind: Gateway
apiVersion: networking.istio.io/v1
metadata: {name: gw, namespace: apps}
spec: {selector: {istio: egressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [edition.cnn.com]}]}
---
kind: VirtualService
apiVersion: networking.istio.io/v1
metadata: {name: a, namespace: apps}
spec: {hosts: [edition.cnn.com], gateways: [gw], http: [{route: [{destination: {host: edition.cnn.com, port: {number: 80}}}]}]}
`, new(Farm).CompareGateways},
		{"ENABLE_WILDCARD_HOST_SERVICE_ENTRIES_FOR_TLS=true", "TestAmbient", `
kind: Namespace
apiVersion: v1
metadata: {name: default, labels: {istio.io/dataplane-mode: ambient}}
---
kind: Gateway
apiVersion: gateway.networking.k8s.io/v1
metadata: {name: waypoint, namespace: default, labels: {istio.io/waypoint-for: service}}
spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}
---
kind: ServiceEntry
apiVersion: networking.istio.io/v1
metadata: {name: a, namespace: default, labels: {istio.io/use-waypoint: waypoint}}
spec: {hosts: ["*.cnn.com"], ports: [{number: 443, name: tls, protocol: TLS}], resolution: DYNAMIC_DNS}
`, CompareAmbient},
	}
}

// flagVariable names the followed flag with which a process of TestFollowedFlags runs.
const flagVariable = "ORACLE_FLAG"

// TestFollowedFlags holds the model against Istio with each flag that it follows, in a process of its own, for Istio reads its
// environment once: on a mesh where the flag moves an answer, and on random ones, a fifth of those of other tests.
func TestFollowedFlags(t *testing.T) {
	for _, f := range followedFlags() {
		if os.Getenv(flagVariable) == f.variable {
			f.movesAnswer(t)
			return
		}
	}
	run := newRun(t, 5, nil, nil)
	for _, f := range followedFlags() {
		t.Run(f.variable, func(t *testing.T) {
			command := exec.Command(os.Args[0], "-test.run=^(TestFollowedFlags|"+f.tests+")$", "-test.v", "-test.timeout=3h")
			command.Env = append(os.Environ(), f.variable, flagVariable+"="+f.variable, fmt.Sprintf("ORACLE_SEED=%d", run.seed), fmt.Sprintf("ORACLE_MESHES=%d", run.meshes))
			if f.tests == "TestAmbient" {
				command.Env = append(command.Env, ambientVariable+"=true")
			}
			output, err := command.CombinedOutput()
			t.Logf("%s", output)
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

// movesAnswer sees that the model agrees with Istio, which has the flag, and does not where it has not heard of it.
func (f followedFlag) movesAnswer(t *testing.T) {
	t.Helper()
	m, err := ParseMesh(f.mesh)
	if err != nil {
		t.Fatal(err)
	}
	with, err := f.compare(m)
	if err != nil || len(with.Found) > 0 {
		t.Errorf("%v, %v", with.Found, err)
	}
	name, _, _ := strings.Cut(f.variable, "=")
	t.Setenv(name, "")
	if without, err := f.compare(m); err != nil || len(without.Found) == 0 {
		t.Errorf("the flag moves no answer of %d, %v", without.Compared, err)
	}
}

// TestFollowedFlagsAreClassed sees that what flags.yaml calls followed is, and that each value changes what the model has.
func TestFollowedFlagsAreClassed(t *testing.T) {
	known := []string{"REVISION", "SHARED_MESH_CONFIG"} // by the control plane, not by its mesh
	for _, f := range followedFlags() {
		name, value, _ := strings.Cut(f.variable, "=")
		known = append(known, name)
		if mesh.FlagsOf(map[string]string{name: value}) == (mesh.Flags{}) {
			t.Errorf("%s changes nothing", f.variable)
		}
	}
	for name, f := range classedFlags(t) {
		if f.followed != slices.Contains(known, name) {
			t.Errorf("%s: classed as followed: %t", name, f.followed)
		}
	}
}
