package mesh

import "encoding/json"

// Ingress is what the mesh reads of an Ingress: an HTTP proxy of somebody else's, whose servers may be a gateway's pods.
type Ingress struct {
	// Class is spec.ingressClassName.
	Class string
	// Backends are those of all paths, and the default one, each once.
	Backends []IngressBackend
}

// IngressBackend is a port of a Service of the Ingress's namespace, by its number or else by its name.
type IngressBackend struct {
	Service    string
	PortNumber uint32
	PortName   string
}

// decodeIngress reads the spec of a networking.k8s.io Ingress.
func decodeIngress(raw json.RawMessage) (*Ingress, error) {
	type backend struct {
		Service *struct {
			Name string `json:"name"`
			Port struct {
				Number uint32 `json:"number"`
				Name   string `json:"name"`
			} `json:"port"`
		} `json:"service"`
	}
	var spec struct {
		IngressClassName string   `json:"ingressClassName"`
		DefaultBackend   *backend `json:"defaultBackend"`
		Rules            []struct {
			HTTP struct {
				Paths []struct {
					Backend backend `json:"backend"`
				} `json:"paths"`
			} `json:"http"`
		} `json:"rules"`
	}
	if err := unmarshal(raw, &spec); err != nil {
		return nil, err
	}
	ingress, seen := &Ingress{Class: spec.IngressClassName}, map[IngressBackend]bool{}
	add := func(b backend) {
		if b.Service == nil {
			return
		}
		one := IngressBackend{Service: b.Service.Name, PortNumber: b.Service.Port.Number, PortName: b.Service.Port.Name}
		if !seen[one] {
			seen[one] = true
			ingress.Backends = append(ingress.Backends, one)
		}
	}
	if spec.DefaultBackend != nil {
		add(*spec.DefaultBackend)
	}
	for _, rule := range spec.Rules {
		for _, path := range rule.HTTP.Paths {
			add(path.Backend)
		}
	}
	return ingress, nil
}
