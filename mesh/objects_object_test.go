package mesh

import "testing"

func TestRefString(t *testing.T) {
	for want, ref := range map[string]Ref{
		"ServiceEntry default/cnn":                             {KindServiceEntry, "default", "cnn"},
		"Namespace default":                                    {Kind: KindNamespace, Name: "default"},
		"Gateway (gateway.networking.k8s.io) default/waypoint": {KindKubernetesGateway, "default", "waypoint"},
	} {
		equal(t, ref.Kind, ref.String(), want)
	}
}

func TestDecisionString(t *testing.T) {
	rule := Ref{KindDestinationRule, "default", "cnn"}
	equal(t, "with a field", Decision{rule, "spec.trafficPolicy.tls"}.String(), "DestinationRule default/cnn spec.trafficPolicy.tls")
	equal(t, "without one", Decision{Object: rule}.String(), "DestinationRule default/cnn")
}
