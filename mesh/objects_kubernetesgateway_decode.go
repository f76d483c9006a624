package mesh

import "encoding/json"

// decodeKubernetesGateway reads the spec of a gateway.networking.k8s.io Gateway.
func decodeKubernetesGateway(raw json.RawMessage) (*KubernetesGateway, error) {
	var spec struct {
		GatewayClassName string               `json:"gatewayClassName"`
		Listeners        []kubernetesListener `json:"listeners"`
		Addresses        []KubernetesAddress  `json:"addresses"`
		AllowedListeners *struct {
			Namespaces *allowedNamespaces `json:"namespaces"`
		} `json:"allowedListeners"`
		TLS struct {
			Frontend struct {
				Default frontendTLS `json:"default"`
				PerPort []struct {
					Port uint32      `json:"port"`
					TLS  frontendTLS `json:"tls"`
				} `json:"perPort"`
			} `json:"frontend"`
		} `json:"tls"`
		Infrastructure struct {
			Labels        map[string]string `json:"labels"`
			ParametersRef *json.RawMessage  `json:"parametersRef"`
		} `json:"infrastructure"`
	}
	if err := unmarshal(raw, &spec); err != nil {
		return nil, err
	}
	g := &KubernetesGateway{
		ClassName: spec.GatewayClassName, Addresses: spec.Addresses, Listeners: decodedListeners(spec.Listeners),
		Labels: spec.Infrastructure.Labels, HasParameters: spec.Infrastructure.ParametersRef != nil,
		ClientCertificates: FrontendTLS{Default: spec.TLS.Frontend.Default.decoded(0)},
	}
	for _, p := range spec.TLS.Frontend.PerPort {
		g.ClientCertificates.PerPort = append(g.ClientCertificates.PerPort, p.TLS.decoded(p.Port))
	}
	if allowed := spec.AllowedListeners; allowed != nil && allowed.Namespaces != nil {
		from := allowed.Namespaces.decoded()
		g.AllowedListeners = &from
	}
	return g, nil
}

// frontendTLS is what is asked of clients' certificates, as it is written.
type frontendTLS struct {
	Validation *struct {
		Mode              string            `json:"mode"`
		CACertificateRefs []json.RawMessage `json:"caCertificateRefs"`
	} `json:"validation"`
}

func (f frontendTLS) decoded(port uint32) PortTLS {
	if f.Validation == nil || len(f.Validation.CACertificateRefs) != 1 { // several are an error, and none ask for nothing
		return PortTLS{Port: port}
	}
	return PortTLS{Port: port, Validates: true, Insecure: f.Validation.Mode == "AllowInsecureFallback"}
}

// kubernetesListener is a listener as it is written.
type kubernetesListener struct {
	Name          string       `json:"name"`
	Protocol      string       `json:"protocol"`
	Port          uint32       `json:"port"`
	Hostname      *string      `json:"hostname"`
	TLS           *ListenerTLS `json:"tls"`
	AllowedRoutes struct {
		Namespaces allowedNamespaces `json:"namespaces"`
		Kinds      []struct {
			Group *string `json:"group"`
			Kind  string  `json:"kind"`
		} `json:"kinds"`
	} `json:"allowedRoutes"`
}

// allowedNamespaces is AllowedNamespaces as it is written.
type allowedNamespaces struct {
	From     string                   `json:"from"`
	Selector *kubernetesLabelSelector `json:"selector"`
}

func (a allowedNamespaces) decoded() AllowedNamespaces {
	return AllowedNamespaces{From: a.From, Selector: a.Selector.labelSelector(), HasSelector: a.Selector != nil}
}

func decodedListeners(written []kubernetesListener) []KubernetesListener {
	var list []KubernetesListener
	for _, l := range written {
		listener := KubernetesListener{
			Name: l.Name, Protocol: l.Protocol, Port: l.Port, Hostname: l.Hostname, TLS: l.TLS,
			AllowedNamespaces: l.AllowedRoutes.Namespaces.decoded(),
		}
		for _, k := range l.AllowedRoutes.Kinds {
			kind := k.Kind
			if k.Group != nil && *k.Group != gatewayAPIGroup {
				kind = ""
			}
			listener.AllowedKinds = append(listener.AllowedKinds, kind)
		}
		list = append(list, listener)
	}
	return list
}
