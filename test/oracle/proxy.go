package oracle

import (
	"istio.io/istio/pilot/pkg/model"

	"github.com/tlsward/tlsward/mesh"
)

// proxyVersion is the version that the proxies claim: no workaround for older ones is wanted.
const proxyVersion = string(istioVersion) + ".0"

// proxyFor returns the proxy that stands before the client, as it would introduce itself to Istio.
func proxyFor(c mesh.Client) *model.Proxy {
	p := &model.Proxy{
		ConfigNamespace: c.Namespace,
		Labels:          c.Labels,
		Metadata: &model.NodeMetadata{
			Namespace:    c.Namespace,
			Labels:       c.Labels,
			IstioVersion: proxyVersion,
		},
	}
	switch c.Kind {
	case mesh.ClientGateway:
		p.Type = model.Router
	case mesh.ClientWaypoint:
		p.Type = model.Waypoint
		p.Labels = map[string]string{
			"gateway.networking.k8s.io/gateway-name": waypointName,
			"gateway.istio.io/managed":               "istio.io-mesh-controller",
		}
		p.Metadata.Labels = p.Labels
		p.IPAddresses = []string{waypointAddress(c.Namespace, "1")}
	default:
		p.Type = model.SidecarProxy
	}
	return p
}
