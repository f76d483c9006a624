package mesh

import (
	"slices"
	"testing"

	istioannotation "istio.io/api/annotation"
	istiolabel "istio.io/api/label"
)

func TestUnknownMetadata(t *testing.T) {
	for name, c := range map[string]struct {
		labels, annotations map[string]string
		want                []string
	}{
		"none":                      {},
		"what everybody may write":  {labels: map[string]string{"app": "x", "kubernetes.io/name": "y", "notistio.io/x": "y"}},
		"what the model follows":    {labels: map[string]string{"istio.io/rev": "x"}, annotations: map[string]string{"networking.istio.io/exportTo": "."}},
		"what is for pods":          {annotations: map[string]string{"sidecar.istio.io/proxyCPU": "1", "traffic.sidecar.istio.io/x": "y"}},
		"a label that is not known": {labels: map[string]string{"istio.io/new": "x"}, want: []string{"metadata.labels[istio.io/new]"}},
		"of a domain below":         {annotations: map[string]string{"new.istio.io/x": "y"}, want: []string{"metadata.annotations[new.istio.io/x]"}},
		"what only Istio writes":    {annotations: map[string]string{"internal.istio.io/gateway-service": "y"}, want: []string{"metadata.annotations[internal.istio.io/gateway-service]"}},
	} {
		t.Run(name, func(t *testing.T) {
			have := unknownMetadata(&Object{Labels: c.labels, Annotations: c.annotations})
			if !slices.Equal(have, c.want) {
				t.Errorf("have %q, want %q", have, c.want)
			}
		})
	}
}

// TestMetadataOfIstioIsClassed fails on a label or an annotation of a newer istio.io/api that nobody has looked at.
func TestMetadataOfIstioIsClassed(t *testing.T) {
	outside := []string{
		"istio.io/use-waypoint-canary", "istio.io/use-waypoint-canary-namespace", "istio.io/use-waypoint-canary-weight",
		"topology.istio.io/cluster", "topology.istio.io/controlPlaneClusters", "topology.istio.io/network",
	}
	known := knownMetadata()
	var all []string
	for _, l := range istiolabel.AllResourceLabels() {
		all = append(all, l.Name)
	}
	for _, a := range istioannotation.AllResourceAnnotations() {
		all = append(all, a.Name)
	}
	for _, name := range all {
		if !isOfIstio(name) {
			continue
		}
		if known.has(name) == slices.Contains(outside, name) {
			t.Errorf("%s: class it as followed, irrelevant or outside the model", name)
		}
	}
	if len(all) < 50 {
		t.Errorf("%d labels and annotations", len(all))
	}
}
