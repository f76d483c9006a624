package mesh

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
)

// Alike reports whether two states of one object are the same to the model, so that no connection moves from one to the other. Of the
// metadata of what is no object of Istio it compares what is read alone: controllers write annotations there all day, and whoever may write
// a Service may do so without end.
func Alike(a, b *Object) bool {
	return alikeKeys(a.Kind, readsLabel, a.Labels, b.Labels) && alikeKeys(a.Kind, readsAnnotation, a.Annotations, b.Annotations) && alikeButKeys(a, b)
}

// isAlike reports whether two states of an object differ in nothing that is kept of it: not in their status, nor in who manages which field.
func (o *Object) isAlike(other *Object) bool {
	return o == other || maps.Equal(o.Labels, other.Labels) && maps.Equal(o.Annotations, other.Annotations) && alikeButKeys(o, other)
}

func alikeButKeys(a, b *Object) bool {
	return a.Ref == b.Ref && a.APIVersion == b.APIVersion && a.Created.Equal(b.Created) && a.Terminating == b.Terminating && a.Held == b.Held && a.UID == b.UID &&
		reflect.DeepEqual(a.Owned, b.Owned) && slices.Equal(a.Status, b.Status) && slices.Equal(a.Unknown, b.Unknown) && alikeSpecs(a.Spec, b.Spec)
}

func alikeSpecs(a, b any) bool {
	if message, ok := a.(proto.Message); ok {
		other, ok := b.(proto.Message)
		return ok && proto.Equal(message, other)
	}
	return reflect.DeepEqual(a, b)
}

// alikeKeys reports whether two maps have the same of those keys that are read.
func alikeKeys(kind string, reads func(kind, key string) bool, a, b map[string]string) bool {
	if maps.Equal(a, b) {
		return true
	}
	skip := func(key, _ string) bool { return !reads(kind, key) }
	a, b = maps.Clone(a), maps.Clone(b)
	maps.DeleteFunc(a, skip)
	maps.DeleteFunc(b, skip)
	return maps.Equal(a, b)
}

// readsLabel reports whether the model reads a label of objects of a kind. Selectors may be for any, but none is for those of Services;
// istiod's own Service says what it is by its label app (see istiodRevision).
func readsLabel(kind, key string) bool {
	return kind != KindService || key == "app" || isOfIstio(key)
}

// readsAnnotation reports whether the model reads an annotation of objects of a kind: of a Service those of ingress controllers, too (see
// upstreamOf).
func readsAnnotation(kind, key string) bool {
	switch kind {
	case KindService:
		return isOfIstio(key) || key == gkeProtocols || strings.HasPrefix(key, traefikPrefix)
	case KindNamespace, KindSidecar, KindKubernetesGateway, KindGatewayClass:
		return isOfIstio(key)
	}
	return true
}
