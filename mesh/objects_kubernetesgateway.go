package mesh

// KubernetesGateway is what the mesh reads of a gateway.networking.k8s.io Gateway.
type KubernetesGateway struct {
	// ClassName is spec.gatewayClassName, which makes it a waypoint, a gateway of Istio's, or none of its.
	ClassName string
	Listeners []KubernetesListener
	// Addresses lists spec.addresses.
	Addresses []KubernetesAddress
	// AllowedListeners says whose ListenerSets may be attached: nobody's where it is nil.
	AllowedListeners *AllowedNamespaces
	// ClientCertificates are the ports on which spec.tls.frontend asks clients for certificates, "" the mode, "default" that of
	// all other ports.
	ClientCertificates FrontendTLS
	// Labels is spec.infrastructure.labels, which its pods have in place of the Gateway's own; nil where it is not set.
	Labels map[string]string
	// HasParameters reports whether spec.infrastructure.parametersRef names a ConfigMap that changes what istiod makes for it.
	HasParameters bool
}

// KubernetesAddress is one of a Gateway's addresses.
type KubernetesAddress struct {
	// Type is nil, IPAddress or Hostname: the name of a Service that is there.
	Type  *string `json:"type"`
	Value string  `json:"value"`
}

// FrontendTLS is spec.tls.frontend of a Gateway: what is asked of clients' certificates.
type FrontendTLS struct {
	Default PortTLS
	PerPort []PortTLS
}

// PortTLS is what is asked of clients' certificates on a port.
type PortTLS struct {
	Port uint32
	// Validates reports whether clients are asked for a certificate, Insecure whether those without one are let in.
	Validates, Insecure bool
}

// on returns what is asked on a port (pilot/pkg/config/kube/gateway/conversion.go resolveGatewayTLS).
func (f FrontendTLS) on(port uint32) PortTLS {
	for _, p := range f.PerPort {
		if p.Port == port {
			return p
		}
	}
	return f.Default
}

// AllowedNamespaces says of which namespaces something may be attached.
type AllowedNamespaces struct {
	// From is All, Selector, Same, None, or "".
	From string
	// Selector is nil where there is none, or it cannot be read, so that it selects none; HasSelector tells these apart.
	Selector    *LabelSelector
	HasSelector bool
}

// KubernetesListener is one of the listeners of a Gateway, or of a ListenerSet.
type KubernetesListener struct {
	Name     string
	Protocol string
	Port     uint32
	Hostname *string
	TLS      *ListenerTLS
	// AllowedNamespaces is allowedRoutes.namespaces, AllowedKinds allowedRoutes.kinds: the kinds of routes that may be attached, ""
	// for one of another group.
	AllowedNamespaces AllowedNamespaces
	AllowedKinds      []string
}

// ListenerTLS is a listener's tls.
type ListenerTLS struct {
	// Mode is Terminate, Passthrough or "", which is Terminate.
	Mode    string            `json:"mode"`
	Options map[string]string `json:"options"`
}

// allows reports whether a waypoint of namespace own, by the listener, takes services of a namespace with these labels
// (pilot/pkg/serviceregistry/ambient/waypoints.go AllowsAttachmentFromNamespace).
func (l KubernetesListener) allows(own, namespace string, labels func() map[string]string) bool {
	switch l.AllowedNamespaces.From {
	case "All":
		return true
	case "Selector":
		return l.AllowedNamespaces.Selector != nil && l.AllowedNamespaces.Selector.selects(labels())
	}
	return own == namespace
}
