package ha

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// The resources that the clients write.
var (
	serviceEntries   = schema.GroupVersionResource{Group: "networking.istio.io", Version: "v1", Resource: "serviceentries"}
	destinationRules = schema.GroupVersionResource{Group: "networking.istio.io", Version: "v1", Resource: "destinationrules"}
	authorizations   = schema.GroupVersionResource{Group: "security.istio.io", Version: "v1", Resource: "authorizationpolicies"}
)

// set names the objects of one round of one client: no two rounds share a host.
type set struct {
	namespace, name string
	// wild has the host be a wildcard, for which tlsward keeps no rule of its own.
	wild bool
}

func (s set) host() string {
	if s.wild {
		return "*." + s.name + ".example"
	}
	return s.name + ".example"
}

func (s set) resolution() string {
	if s.wild {
		return "NONE"
	}
	return "DNS"
}

// entry declares the host on port 80, which is to be sent to on 443.
func (s set) entry() *unstructured.Unstructured {
	return s.object("networking.istio.io/v1", "ServiceEntry", "", map[string]any{
		"hosts":      []any{s.host()},
		"ports":      []any{map[string]any{"number": int64(80), "name": "http", "protocol": "HTTP"}},
		"resolution": s.resolution(),
	})
}

// rule leaves the TLS of the host's port to be filled in.
func (s set) rule() *unstructured.Unstructured {
	return s.object("networking.istio.io/v1", "DestinationRule", "", map[string]any{
		"host":          s.host(),
		"trafficPolicy": map[string]any{"loadBalancer": map[string]any{"simple": "ROUND_ROBIN"}},
	})
}

// plaintext turns the TLS of the host off in so many words.
func (s set) plaintext() *unstructured.Unstructured {
	return s.object("networking.istio.io/v1", "DestinationRule", "", map[string]any{
		"host":          s.host(),
		"trafficPolicy": map[string]any{"tls": map[string]any{"mode": "DISABLE"}},
	})
}

// policy lets one workload identity in.
func (s set) policy() *unstructured.Unstructured {
	return s.authorization("", map[string]any{"principals": []any{"cluster.local/ns/default/sa/" + s.name}})
}

// anyone lets in whoever comes from a namespace, under no identity.
func (s set) anyone() *unstructured.Unstructured {
	return s.authorization("-anyone", map[string]any{"namespaces": []any{s.namespace}})
}

func (s set) authorization(suffix string, source map[string]any) *unstructured.Unstructured {
	return s.object("security.istio.io/v1", "AuthorizationPolicy", suffix, map[string]any{
		"selector": map[string]any{"matchLabels": map[string]any{"app": s.name}},
		"action":   "ALLOW",
		"rules":    []any{map[string]any{"from": []any{map[string]any{"source": source}}}},
	})
}

func (s set) object(apiVersion, kind, suffix string, spec map[string]any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": apiVersion, "kind": kind,
		"metadata": map[string]any{"name": s.name + suffix, "namespace": s.namespace}, "spec": spec,
	}}
}

func resourceOf(o *unstructured.Unstructured) schema.GroupVersionResource {
	switch o.GetKind() {
	case "ServiceEntry":
		return serviceEntries
	case "DestinationRule":
		return destinationRules
	case "AuthorizationPolicy":
		return authorizations
	default:
		panic(fmt.Sprintf("the clients write no %s", o.GetKind()))
	}
}

// completed reports whether what was stored has what the mutating webhook fills in.
func completed(o *unstructured.Unstructured) bool {
	switch o.GetKind() {
	case "ServiceEntry":
		ports, _, _ := unstructured.NestedSlice(o.Object, "spec", "ports")
		for _, p := range ports {
			if port, ok := p.(map[string]any); !ok || port["targetPort"] != int64(443) {
				return false
			}
		}
		return len(ports) > 0
	case "DestinationRule":
		levels, _, _ := unstructured.NestedSlice(o.Object, "spec", "trafficPolicy", "portLevelSettings")
		for _, l := range levels {
			level, _ := l.(map[string]any)
			if mode, _, _ := unstructured.NestedString(level, "tls", "mode"); mode == "SIMPLE" {
				return true
			}
		}
		return false
	default:
		return true
	}
}
