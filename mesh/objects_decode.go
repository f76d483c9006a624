package mesh

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	extensions "istio.io/api/extensions/v1alpha1"
	networking "istio.io/api/networking/v1alpha3"
	networkingv1beta1 "istio.io/api/networking/v1beta1"
	security "istio.io/api/security/v1beta1"
	kjson "sigs.k8s.io/json"
)

// manifest is the part of a Kubernetes object that all kinds have.
type manifest struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name              string            `json:"name"`
		Namespace         string            `json:"namespace"`
		Labels            map[string]string `json:"labels"`
		Annotations       map[string]string `json:"annotations"`
		UID               string            `json:"uid"`
		OwnerReferences   []ownerReference  `json:"ownerReferences"`
		CreationTimestamp *time.Time        `json:"creationTimestamp"`
		DeletionTimestamp *time.Time        `json:"deletionTimestamp"`
		Finalizers        []string          `json:"finalizers"`
	} `json:"metadata"`
	Spec   json.RawMessage `json:"spec"`
	Status json.RawMessage `json:"status"`
}

// Decode reads one Kubernetes object as JSON. It returns nil and no error for a kind that the mesh does not read. The
// error names the object and the field.
func Decode(raw []byte) (*Object, error) {
	var m manifest
	if err := unmarshal(raw, &m); err != nil {
		return nil, fmt.Errorf("read object: %w", explainJSON(err))
	}
	kind := kindOf(m.APIVersion, m.Kind)
	if kind == "" {
		return nil, nil
	}
	o := &Object{
		Ref:         Ref{Kind: kind, Namespace: m.Metadata.Namespace, Name: m.Metadata.Name},
		APIVersion:  m.APIVersion,
		Labels:      m.Metadata.Labels,
		Annotations: m.Metadata.Annotations,
		Terminating: m.Metadata.DeletionTimestamp != nil,
		Held:        len(m.Metadata.Finalizers) > 0,
	}
	if m.Metadata.CreationTimestamp != nil {
		o.Created = *m.Metadata.CreationTimestamp
	}
	decoded := m.Spec
	if o.IsWorkload() {
		decoded = raw
	}
	spec, unknown, err := decodeSpec(kind, decoded)
	if err != nil {
		return nil, fmt.Errorf("read %s: spec%s: %w", o.Ref, unreadableField(kind, m.Spec), explainJSON(err))
	}
	o.Spec, o.Unknown = spec, unknown
	if kind == KindServiceEntry {
		o.Status, o.UID = decodeStatus(m.Status), m.Metadata.UID
	}
	o.Owned = decodeOwned(kind, m.Metadata.OwnerReferences, raw)
	return o, nil
}

// decodeStatus reads status.addresses of a ServiceEntry; none where they cannot be read, for Istio writes them.
func decodeStatus(raw json.RawMessage) []HostAddress {
	var status struct {
		Addresses []HostAddress `json:"addresses"`
	}
	if len(raw) == 0 || unmarshal(raw, &status) != nil {
		return nil
	}
	return status.Addresses
}

// Reads reports whether objects of a kind are part of the mesh.
func Reads(apiVersion, kind string) bool { return kindOf(apiVersion, kind) != "" }

// kindOf returns the mesh's name for a kind, "" for one that it does not read. The version of a group does not matter.
func kindOf(apiVersion, kind string) string {
	group, _, found := strings.Cut(apiVersion, "/")
	if !found {
		group = ""
	}
	if _, workload := workloadKinds()[kind]; workload && group == workloadGroup(kind) {
		return kind
	}
	switch group {
	case "networking.istio.io":
		switch kind {
		case KindServiceEntry, KindDestinationRule, KindVirtualService, KindGateway, KindSidecar, KindWorkloadEntry, KindEnvoyFilter, KindProxyConfig:
			return kind
		}
	case "security.istio.io":
		switch kind {
		case KindAuthorizationPolicy, KindPeerAuthentication, KindRequestAuthentication:
			return kind
		}
	case "extensions.istio.io":
		if kind == KindWasmPlugin || kind == KindTrafficExtension {
			return kind
		}
	case "networking.k8s.io":
		if kind == KindIngress {
			return kind
		}
	case gatewayAPIGroup:
		switch kind {
		case KindGateway:
			return KindKubernetesGateway
		case KindGatewayClass:
			return kind
		}
		if slices.Contains(append(routeKinds(), KindBackendTLSPolicy, KindListenerSet, KindReferenceGrant), kind) {
			return kind
		}
	case "":
		if kind == KindService || kind == KindNamespace {
			return kind
		}
	}
	return ""
}

// decodeSpec returns a kind's spec as Object.Spec has it, and its unknown fields. A spec that is absent or null is an empty
// one.
func decodeSpec(kind string, raw json.RawMessage) (spec any, unknown []string, err error) {
	if len(raw) == 0 || string(raw) == "null" {
		raw = json.RawMessage("{}")
	}
	var message apiMessage
	switch kind {
	case KindServiceEntry:
		message = new(networking.ServiceEntry)
	case KindDestinationRule:
		message = new(networking.DestinationRule)
	case KindVirtualService:
		message = new(networking.VirtualService)
	case KindGateway:
		message = new(networking.Gateway)
	case KindSidecar:
		message = new(networking.Sidecar)
	case KindWorkloadEntry:
		message = new(networking.WorkloadEntry)
	case KindEnvoyFilter:
		message = new(networking.EnvoyFilter)
	case KindAuthorizationPolicy:
		message = new(security.AuthorizationPolicy)
	case KindPeerAuthentication, KindRequestAuthentication, KindProxyConfig, KindWasmPlugin, KindTrafficExtension:
		message = newUnmodelled(kind)
	case KindService:
		spec, err = decodeService(raw)
		return spec, nil, err
	case KindIngress:
		spec, err = decodeIngress(raw)
		return spec, nil, err
	case KindKubernetesGateway:
		spec, err = decodeKubernetesGateway(raw)
		return spec, nil, err
	case KindGatewayClass:
		spec, err = decodeGatewayClass(raw)
		return spec, nil, err
	case KindListenerSet:
		spec, err = decodeListenerSet(raw)
		return spec, nil, err
	case KindReferenceGrant:
		spec, err = decodeReferenceGrant(raw)
		return spec, nil, err
	case KindBackendTLSPolicy:
		spec, err = decodeBackendTLSPolicy(raw)
		return spec, nil, err
	case KindHTTPRoute, KindGRPCRoute, KindTLSRoute, KindTCPRoute:
		spec, err = decodeKubernetesRoute(kind, raw)
		return spec, nil, err
	default:
		if _, workload := workloadKinds()[kind]; workload {
			spec, err = decodeWorkload(kind, raw)
		}
		return spec, nil, err
	}
	if unknown, err = unmarshalSpec(raw, message); err != nil {
		return nil, nil, err
	}
	return message, unknown, nil
}

// newUnmodelled returns the type of a kind of which the mesh answers nothing.
func newUnmodelled(kind string) apiMessage {
	switch kind {
	case KindPeerAuthentication:
		return new(security.PeerAuthentication)
	case KindRequestAuthentication:
		return new(security.RequestAuthentication)
	case KindProxyConfig:
		return new(networkingv1beta1.ProxyConfig)
	case KindWasmPlugin:
		return new(extensions.WasmPlugin)
	}
	return new(extensions.TrafficExtension)
}

// apiMessage is a generated type of istio.io/api.
type apiMessage interface {
	proto.Message
	json.Unmarshaler
}

// unmarshalSpec reads raw, without the fields that the API server drops (withoutProtoNames), to the same values, or fails as,
// spec.UnmarshalJSON does, which is what Istio calls. That one reads every level of the text anew; protojson takes a fifth of the
// time, so it goes first. It is not told to discard unknown fields, for it would discard unknown enum values too, and those are
// errors to Istio. It returns the unknown fields.
func unmarshalSpec(raw json.RawMessage, spec apiMessage) (unknown []string, err error) {
	message := spec.ProtoReflect().Descriptor()
	pruned, dropped := withoutProtoNames(raw, message)
	if protojson.Unmarshal(pruned, spec) == nil {
		if dropped {
			return unknownFields("spec", raw, message), nil
		}
		return nil, nil
	}
	proto.Reset(spec)
	if err := spec.UnmarshalJSON(pruned); err != nil {
		return nil, err
	}
	return unknownFields("spec", raw, message), nil
}

// unmarshal reads JSON as the API server does: "Spec" is not "spec".
func unmarshal(raw []byte, into any) error {
	err := kjson.UnmarshalCaseSensitivePreserveInts(raw, into)
	if err == nil {
		return nil
	}
	// The standard library's errors can be taken apart.
	if told := json.Unmarshal(raw, into); told != nil {
		return told
	}
	return err
}

// explainJSON returns the standard library's error in words that name the field.
func explainJSON(err error) error {
	var wrongType *json.UnmarshalTypeError
	if errors.As(err, &wrongType) && wrongType.Field != "" {
		return fmt.Errorf("field %s: want %s, have %s", wrongType.Field, wrongType.Type, wrongType.Value)
	}
	return err
}
