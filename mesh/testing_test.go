package mesh

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"
)

// snapshot returns the mesh of short manifests, each a name and a spec:
//
//	ServiceEntry default/cnn: {hosts: [edition.cnn.com], ports: [{number: 80, name: http, protocol: HTTP}]}
//	DestinationRule default/cnn @1: {host: edition.cnn.com, trafficPolicy: {tls: {mode: SIMPLE}}}
//	Service default/web: {metadata: {labels: {app: web}}, ports: [{port: 80}]}
//
// "@1" is the second of creation: an object with @1 is older than one with @2, and one without is the newest of all.
// Tabs, which indent the tables of tests, do not count.
func snapshot(t testing.TB, manifests ...string) *Snapshot {
	t.Helper()
	return New(DefaultSettings(), objects(t, strings.Join(manifests, "\n"))...)
}

// objects returns the objects of short manifests; see snapshot.
func objects(t testing.TB, manifests string) []*Object {
	t.Helper()
	manifests = strings.ReplaceAll(manifests, "\t", "")
	var specs map[string]map[string]any
	if err := yaml.UnmarshalStrict([]byte(manifests), &specs); err != nil {
		t.Fatalf("%v in\n%s", err, manifests)
	}
	var list []*Object
	titles := slices.Sorted(maps.Keys(specs))
	slices.Reverse(titles) // what is sorted by name must not come so by itself
	for _, title := range titles {
		raw, err := json.Marshal(fullManifest(t, title, specs[title]))
		if err != nil {
			t.Fatal(err)
		}
		o, err := Decode(raw)
		if err != nil || o == nil {
			t.Fatalf("%s: %v, %v", title, o, err)
		}
		list = append(list, o)
	}
	return list
}

// fullManifest returns the Kubernetes object that "Kind namespace/name @second" and a spec stand for.
func fullManifest(t testing.TB, title string, spec map[string]any) map[string]any {
	t.Helper()
	title, second, dated := strings.Cut(title, " @")
	kind, name, ok := strings.Cut(title, " ")
	if !ok {
		t.Fatalf("%q is not a kind and a name", title)
	}
	metadata, _ := spec["metadata"].(map[string]any)
	if metadata == nil {
		metadata = map[string]any{}
	}
	delete(spec, "metadata")
	if metadata["namespace"], metadata["name"], ok = strings.Cut(name, "/"); !ok {
		metadata["namespace"], metadata["name"] = "", name
	}
	if dated {
		seconds, err := time.ParseDuration(second + "s")
		if err != nil {
			t.Fatal(err)
		}
		metadata["creationTimestamp"] = time.Unix(0, 0).UTC().Add(seconds)
	}
	object := map[string]any{"apiVersion": "networking.istio.io/v1", "kind": kind, "metadata": metadata, "spec": spec}
	if status, has := spec["status"]; has {
		object["status"] = status
		delete(spec, "status")
	}
	switch kind {
	case KindService, KindNamespace:
		object["apiVersion"] = "v1"
	case KindAuthorizationPolicy, KindPeerAuthentication, KindRequestAuthentication:
		object["apiVersion"] = "security.istio.io/v1"
	case KindWasmPlugin, KindTrafficExtension:
		object["apiVersion"] = "extensions.istio.io/v1alpha1"
	case KindIngress:
		object["apiVersion"] = "networking.k8s.io/v1"
	case KindKubernetesGateway:
		object["apiVersion"], object["kind"] = "gateway.networking.k8s.io/v1", "Gateway"
	case KindGatewayClass, KindHTTPRoute, KindGRPCRoute, KindTLSRoute, KindTCPRoute, KindBackendTLSPolicy, KindListenerSet, KindReferenceGrant:
		object["apiVersion"] = "gateway.networking.k8s.io/v1"
	}
	return object
}

// parseClient returns the client that "sidecar default app=curl" names, as Client.String writes it.
func parseClient(text string) Client {
	fields := strings.Fields(text)
	c := Client{Kind: ClientKind(fields[0]), Namespace: fields[1]}
	for _, pair := range fields[2:] {
		if c.Labels == nil {
			c.Labels = map[string]string{}
		}
		key, value, _ := strings.Cut(pair, "=")
		c.Labels[key] = value
	}
	return c
}

// equal reports a difference between what a test has and what it wants, as they are printed.
func equal(t testing.TB, what string, have, want any) {
	t.Helper()
	if h, w := fmt.Sprint(have), fmt.Sprint(want); h != w {
		t.Errorf("%s: have %s, want %s", what, h, w)
	}
}
