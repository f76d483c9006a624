package oracle

import (
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/types"

	networking "istio.io/api/networking/v1alpha3"
	"istio.io/istio/pilot/pkg/model"
	"istio.io/istio/pkg/config/labels"
	"istio.io/istio/pkg/config/protocol"
	"istio.io/istio/pkg/config/schema/gvk"

	"github.com/tlsward/tlsward/mesh"
)

// CompareKubernetesGateways asks Istio and the model where the pods of a mesh's Gateways of the Gateway API send what comes to each
// port of their listeners, and of the Gateways of networking.istio.io that are for the same pods.
func (f *Farm) CompareKubernetesGateways(m Mesh) (Result, error) {
	return f.each(m, kubernetesGatewayClients(m), func(r *Result, snapshot *mesh.Snapshot, istio *Istio, client mesh.Client) error {
		tables, err := istio.Tables(client)
		if err != nil {
			return err
		}
		return compareGateway(r, m, snapshot, client, tables)
	})
}

// kubernetesGatewayClients lists the pods behind the Services of a mesh that select by a Gateway's label, or are an egress gateway's.
func kubernetesGatewayClients(m Mesh) []mesh.Client {
	var clients []mesh.Client
	for _, d := range m {
		selector, _ := d.Spec()["selector"].(object)
		if d.Kind() != "Service" || selector["istio"] == nil && selector[gatewayNameLabel] == nil {
			continue
		}
		c := mesh.Client{Kind: mesh.ClientGateway, Namespace: d.Namespace(), Labels: map[string]string{"istio": "egressgateway"}}
		for k, v := range selector {
			c.Labels[k], _ = v.(string)
		}
		if !slices.ContainsFunc(clients, func(have mesh.Client) bool { return have.Namespace == c.Namespace && maps.Equal(have.Labels, c.Labels) }) {
			clients = append(clients, c)
		}
	}
	return clients
}

// addGatewayTargets adds the Services behind which a gateway's pod is, where istiod has made Gateways that go by these: the registry in
// memory knows no pods.
func addGatewayTargets(env *model.Environment, p *model.Proxy) {
	made := slices.ContainsFunc(env.List(gvk.Gateway, ""), isMadeGateway)
	if p.Type != model.Router || !made {
		return
	}
	env.PushContext().GatewayAPIController = noPools{}
	for _, s := range env.Services() {
		selector := labels.Instance(s.Attributes.LabelSelectors)
		if s.Attributes.Namespace != p.ConfigNamespace || len(selector) == 0 || s.MeshExternal || !selector.SubsetOf(p.Labels) {
			continue
		}
		ports := s.Ports
		if selector[gatewayNameLabel] != "" {
			ports = portsFor(env, s)
		}
		for _, port := range ports {
			p.ServiceTargets = append(p.ServiceTargets, model.ServiceTarget{
				Service: s, Port: model.ServiceInstancePort{ServicePort: port, TargetPort: uint32(port.Port)},
			})
		}
	}
}

// portsFor returns the ports that istiod gives the Service that it makes for a Gateway: those of its listeners.
func portsFor(env *model.Environment, s *model.Service) (ports model.PortList) {
	for _, c := range env.List(gvk.Gateway, "") {
		if c.Annotations[model.InternalGatewayServiceAnnotation] != string(s.Hostname) {
			continue
		}
		for _, srv := range c.Spec.(*networking.Gateway).Servers {
			ports = append(ports, &model.Port{Name: srv.Port.Name, Port: int(srv.Port.Number), Protocol: protocol.TCP})
		}
	}
	return ports
}

// noPools is istiod's controller of the Gateway API as far as listeners ask it: no gateway has an InferencePool.
type noPools struct{ model.GatewayController }

func (noPools) HasInferencePool(types.NamespacedName) bool { return false }
