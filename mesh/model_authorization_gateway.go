package mesh

import "strings"

// gatewayNameLabel is on the pods that istiod makes for a Gateway of the Gateway API
// (pilot/pkg/config/kube/gatewaycommon/deploymentcontroller.go). Anybody may write it on other pods of the namespace, which are
// selected then as the Gateway's are.
const gatewayNameLabel = "gateway.networking.k8s.io/gateway-name"

// addGatewayPods adds what the label of a Gateway's pods and other labels select. Which pods these are is read from the mesh:
// no pod of the Gateway has a label that istiod does not give it. Here the pods of a Service carry the label, and let anybody in:
//
//	kind: Service                                                  kind: AuthorizationPolicy
//	spec:                                                          spec:
//	  selector: {app: cart, .../gateway-name: front}                 selector: {matchLabels: {.../gateway-name: front}}
//	                                                                 rules: [{}]
func (s *Snapshot) addGatewayPods(c *Callers, namespace, name string, selector map[string]string) {
	gateway := s.Get(Ref{Kind: KindKubernetesGateway, Namespace: namespace, Name: name})
	own, past := len(foreignLabels(gateway, selector)) == 0, s.leadsPastGateway(namespace, name, gateway, selector)
	switch {
	case past && !hasParameters(gateway):
		c.Workloads = true
	case past, !own, s.leadsBeside(namespace, gateway, selector): // such labels may come from its parameters, from the defaults of its class, or with a Gateway still to come
		c.Unknown = append(c.Unknown, namespace+"/"+labelsText(selector))
	}
	if own {
		s.addGatewayTarget(c, namespace, name)
	}
}

// leadsPastGateway reports whether a Service that nobody outside reaches leads to pods which a selector selects and that are no
// Gateway's, by labels that the Gateway's pods do not have: to all that are selected, or to pods with the Gateway's name on them.
func (s *Snapshot) leadsPastGateway(namespace, name string, gateway *Object, selector map[string]string) bool {
	for _, o := range s.objects.Prefix(KindService + "\x00" + namespace + "\x00") {
		svc := o.Spec.(*Service)
		if svc.isPublic() || len(foreignLabels(gateway, svc.Selector)) == 0 {
			continue
		}
		_, some := joinLabels(selector, svc.Selector)
		if some && gateway != nil && svc.Selector[gatewayNameLabel] == name || selectorMatches(svc.Selector, selector) {
			return true
		}
	}
	return false
}

// leadsBeside reports whether a Service that nobody outside reaches leads to all pods which a selector selects, by labels that a
// Gateway gives its pods and that are not Istio's. Whether they are the Gateway's pods or the Service's own, with the Gateway's name on
// them, nobody can tell:
//
//	kind: Gateway                    kind: Service              kind: AuthorizationPolicy
//	metadata:                        spec:                      spec:
//	  name: front                      selector: {app: cart}      selector: {matchLabels: {app: cart, .../gateway-name: front}}
//	  labels: {app: cart}
func (s *Snapshot) leadsBeside(namespace string, gateway *Object, selector map[string]string) bool {
	for _, o := range s.objects.Prefix(KindService + "\x00" + namespace + "\x00") {
		svc := o.Spec.(*Service)
		if svc.isPublic() || svc.Selector[gatewayNameLabel] != "" || !selectorMatches(svc.Selector, selector) {
			continue
		}
		if len(foreignLabels(nil, svc.Selector)) > 0 && len(foreignLabels(gateway, svc.Selector)) == 0 {
			return true
		}
	}
	return false
}

// hasParameters reports whether a ConfigMap, which is not read, changes the pods of a Gateway.
func hasParameters(gateway *Object) bool {
	return gateway != nil && gateway.Spec.(*KubernetesGateway).HasParameters
}

// foreignLabels returns the labels that pods of a Gateway do not have: that are neither Istio's own nor among those it gives
// them (extractInfrastructureMetadata). Of a Gateway that is not there every one is.
func foreignLabels(gateway *Object, labels map[string]string) map[string]string {
	var given map[string]string
	if gateway != nil {
		if given = gateway.Spec.(*KubernetesGateway).Labels; given == nil {
			given = gateway.Labels
		}
	}
	foreign := map[string]string{}
	for k, v := range labels {
		domain, _, _ := strings.Cut(k, "/")
		if have, ok := given[k]; (!ok || have != v) && !strings.HasSuffix(domain, "istio.io") && domain != "gateway.networking.k8s.io" {
			foreign[k] = v
		}
	}
	return foreign
}
