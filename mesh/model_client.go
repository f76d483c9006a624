package mesh

import (
	"cmp"
	"slices"
	"strings"
)

// ClientKind is the kind of proxy through which a client sends.
type ClientKind string

// The kinds of proxies.
const (
	ClientSidecar  ClientKind = "sidecar"
	ClientGateway  ClientKind = "gateway"
	ClientWaypoint ClientKind = "waypoint"
	// ClientZtunnel is an ambient pod with no waypoint on its way. The ztunnel reads no rules.
	ClientZtunnel ClientKind = "ztunnel"
)

// Client is a class of pods that Istio configures alike, and the proxy through which they send (model.Proxy).
type Client struct {
	Kind ClientKind `json:"kind"`
	// Namespace is that of the pods, AnyNamespace for all namespaces that no object singles out.
	Namespace string `json:"namespace"`
	// Labels are labels of the pods, where a selector asks for them.
	Labels map[string]string `json:"labels,omitempty"`
	// Gateways names ("namespace/name") the Gateways that configure the pods of a gateway.
	Gateways []string `json:"gateways,omitempty"`
}

// AnyNamespace stands for every namespace that no object of the mesh singles out.
const AnyNamespace = "*"

// String returns the client as a person would name it: "sidecar default app=curl".
func (c Client) String() string {
	namespace := c.Namespace
	if namespace == AnyNamespace {
		namespace = "any other namespace"
	}
	var b strings.Builder
	b.WriteString(string(c.Kind) + " " + namespace)
	keys := make([]string, 0, len(c.Labels))
	for k := range c.Labels {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		b.WriteString(" " + k + "=" + c.Labels[k])
	}
	return b.String()
}

// compare returns the order of two clients: by kind, namespace and labels.
func (c Client) compare(other Client) int {
	if order := cmp.Or(cmp.Compare(c.Kind, other.Kind), cmp.Compare(c.Namespace, other.Namespace)); order != 0 {
		return order
	}
	return cmp.Compare(labelsKey(c.Labels), labelsKey(other.Labels))
}
