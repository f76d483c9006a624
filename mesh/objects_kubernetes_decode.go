package mesh

import "encoding/json"

// headless is the clusterIP of a Service without an address of its own.
const headless = "None"

// decodeService reads the spec of a Service (istio.io/istio pilot/pkg/serviceregistry/kube/conversion.go ConvertService).
func decodeService(raw json.RawMessage) (*Service, error) {
	var spec struct {
		Selector     map[string]string `json:"selector"`
		ExternalName string            `json:"externalName"`
		ClusterIP    string            `json:"clusterIP"`
		ClusterIPs   []string          `json:"clusterIPs"`
		Type         string            `json:"type"`
		Ports        []struct {
			Name        string `json:"name"`
			Port        uint32 `json:"port"`
			TargetPort  any    `json:"targetPort"`
			Protocol    string `json:"protocol"`
			AppProtocol string `json:"appProtocol"`
		} `json:"ports"`
	}
	if err := unmarshal(raw, &spec); err != nil {
		return nil, err
	}
	s := &Service{Selector: spec.Selector, ExternalName: spec.ExternalName, Type: spec.Type, Headless: spec.ClusterIP == headless}
	switch {
	case s.Headless || spec.ClusterIP == "":
	case len(spec.ClusterIPs) > 1:
		s.ClusterIPs = spec.ClusterIPs
	default:
		s.ClusterIPs = []string{spec.ClusterIP}
	}
	for _, p := range spec.Ports {
		s.Ports = append(s.Ports, ServicePort{
			Number: p.Port, Name: p.Name, Protocol: p.Protocol, AppProtocol: p.AppProtocol, TargetPort: targetPort(p.TargetPort, p.Port),
		})
	}
	return s, nil
}

// targetPort returns a port of pods: a number, or 0 for the name of one.
func targetPort(value any, number uint32) uint32 {
	switch v := value.(type) {
	case nil:
		return number
	case int64:
		if v > 0 && v <= 65535 {
			return uint32(v)
		}
	}
	return 0
}

// kubernetesLabelSelector is a LabelSelector as Kubernetes writes it.
type kubernetesLabelSelector struct {
	MatchLabels      map[string]string `json:"matchLabels"`
	MatchExpressions []struct {
		Key      string   `json:"key"`
		Operator string   `json:"operator"`
		Values   []string `json:"values"`
	} `json:"matchExpressions"`
}

// labelSelector returns the selector; nil where there is none, or Kubernetes refuses it.
func (l *kubernetesLabelSelector) labelSelector() *LabelSelector {
	if l == nil {
		return nil
	}
	selector := LabelSelector{MatchLabels: l.MatchLabels}
	for _, e := range l.MatchExpressions {
		r := LabelRequirement{Key: e.Key, Operator: e.Operator, Values: e.Values}
		if r.validate() != nil {
			return nil
		}
		selector.Expressions = append(selector.Expressions, r)
	}
	return &selector
}

// decodeGatewayClass reads the spec of a GatewayClass.
func decodeGatewayClass(raw json.RawMessage) (*GatewayClass, error) {
	var spec struct {
		ControllerName string `json:"controllerName"`
	}
	if err := unmarshal(raw, &spec); err != nil {
		return nil, err
	}
	return &GatewayClass{Controller: spec.ControllerName}, nil
}
