package mesh

import (
	"slices"
	"strings"
	"sync"
)

// OutsideModel is something that Istio may obey and the model does not know, so that what a review says of its connections is
// not certain.
type OutsideModel struct {
	// Object is the object that has it, where that is not the one under review: an EnvoyFilter, or a client's Namespace. With
	// MeansServersAlike and MeansBoundApart it is the other Gateway of the pods, with MeansAnyCertificate a policy for these that goes by the identity of
	// callers, with MeansWideMatch the route that was there.
	Object *Ref `json:"object,omitempty"`
	// Field is the path of it in that object: "metadata.labels[istio.io/x]", "spec.http[0].x", "spec.configPatches[0]".
	Field string `json:"field"`
	// Patch reports whether it is a patch of an EnvoyFilter. StartsPlaintext reports whether it takes TLS away from what goes to a
	// host outside, and says so plainly: a patch, or what takes listeners or connections away from everybody (MeansRefusedListener,
	// MeansRefusedRoute, MeansRefusedCluster, MeansProxyPort, MeansWideMatch).
	Patch           bool `json:"patch"`
	StartsPlaintext bool `json:"startsPlaintext"`
	// Means is what hangs on the field; "" where nobody knows.
	Means OutsideMeans `json:"means,omitempty"`
	// Wants is what Envoy takes in place of what it refuses (MeansRefusedRoute, MeansRefusedCluster, MeansRefusedListener).
	Wants string `json:"wants,omitempty"`
	// OfOthers reports, with MeansServersAlike, whether it is the gateway of another namespace that stops, with MeansBoundApart, whether
	// another namespace's loses connections and the author has not the pods.
	OfOthers bool `json:"ofOthers,omitempty"`
	// Client, Host and Port are of a connection that it may change, where Object is another.
	Client *Client `json:"client,omitempty"`
	Host   string  `json:"host,omitempty"`
	Port   uint32  `json:"port,omitempty"`
}

// OutsideModelOf returns what the model does not know of an object under review, which is nil where it is deleted, and what may
// change the flows of the review. Of what was stored before it, in before, it returns what was outside the model and held TLS up.
func (s *Snapshot) OutsideModelOf(before *Snapshot, ref Ref, object *Object, flows []Flow) []OutsideModel {
	stored := before.Get(ref)
	found := slices.Concat(s.patchesOf(flows, object), s.withdrawnTLS(object, stored), s.noLongerStrict(before, object, stored), s.otherMeshesOf(flows),
		s.refusedChains(before, object, stored))
	if object == nil {
		return found
	}
	for _, field := range append(unknownMetadata(object), object.Unknown...) {
		found = append(found, OutsideModel{Field: field, Means: s.meansOf(object, field)})
	}
	if s.isOfOtherControlPlane(object) {
		found = append(found, OutsideModel{Field: "metadata.labels[" + revisionLabel + "]", Means: MeansRevision})
	}
	found = append(found, s.unfollowedParents(object)...)
	found = append(found, s.unfollowedAddresses(object)...)
	found = append(found, s.searchDomainsOf(object)...)
	found = append(found, s.formerAddress(object, stored)...)
	pods := sync.OnceValue(func() gatewayPods { return s.podsOf(object) })
	found = append(found, s.serversAlike(object, stored, pods)...)
	found = append(found, s.boundApart(object, stored, pods)...)
	found = append(found, s.anyCertificates(object, stored)...)
	found = append(found, s.listenersOfSlices(object)...)
	found = append(found, refusedListeners(object, stored)...)
	found = append(found, s.refusedRoutes(object, stored)...)
	found = append(found, s.wideMatches(object, stored)...)
	for _, u := range append(unmodelledFields(object), tunnels(object, flows)...) {
		found = append(found, OutsideModel{Field: u.field, Means: u.means})
	}
	if object.Kind != KindEnvoyFilter {
		return found
	}
	for _, p := range outboundPatches(object) {
		o := OutsideModel{Field: p.field(), Patch: true}
		switch {
		case p.startsPlaintext() && s.leavesByCluster(p):
			o.StartsPlaintext = true
		case p.passesRequestsOn() && s.leavesByVirtualHost(p):
			o.StartsPlaintext, o.Means = true, MeansPassthrough
		}
		found = append(found, o)
	}
	for _, p := range inboundPatches(object) {
		found = append(found, OutsideModel{Field: p.field(), Means: MeansInbound})
	}
	return found
}

// withdrawnTLS returns the patches that started TLS towards hosts outside and that an EnvoyFilter no longer has.
func (s *Snapshot) withdrawnTLS(object, stored *Object) []OutsideModel {
	if stored == nil || stored.Kind != KindEnvoyFilter {
		return nil
	}
	var found []OutsideModel
	for _, p := range outboundPatches(stored) {
		if p.startsTLS() && s.leavesByCluster(p) && !p.isStillIn(object) {
			found = append(found, OutsideModel{Field: p.field(), Patch: true, Means: MeansTLSWithdrawn})
		}
	}
	return found
}

// gatewayServiceAnnotation is how Istio says which Services' pods a Gateway configures that it made of one of the Gateway API. Anybody
// may write it, and then it takes the place of the selector (pilot/pkg/model/push_context.go InternalGatewayServiceAnnotation). No
// stored Gateway has it for a reason, so that the model goes by the selector alone.
const gatewayServiceAnnotation = "internal.istio.io/gateway-service"

// meansOf returns what hangs on a field that the model does not know, where that is known.
func (s *Snapshot) meansOf(object *Object, field string) OutsideMeans {
	if object.Kind == KindGateway && object.Namespace != s.settings.RootNamespace && field == "metadata.annotations["+gatewayServiceAnnotation+"]" {
		return MeansGatewayPods
	}
	return ""
}

// leavesByCluster reports whether the clusters that a patch matches may be of hosts outside.
func (s *Snapshot) leavesByCluster(p outboundPatch) bool {
	host, _ := p.cluster()
	_, _, inside := s.settings.parseServiceHost(host)
	return host == "" || !inside || s.isExternal(host)
}

// leavesByVirtualHost reports whether the virtual hosts that a patch matches, "HOST:PORT", may be of hosts outside.
func (s *Snapshot) leavesByVirtualHost(p outboundPatch) bool {
	name, _, _ := strings.Cut(p.patch.GetMatch().GetRouteConfiguration().GetVhost().GetName(), ":")
	return name == "" || s.isCalledOutside(name)
}

// patchesOf returns the first patch of each EnvoyFilter that may change one of the flows of a review.
func (s *Snapshot) patchesOf(flows []Flow, object *Object) []OutsideModel {
	var found []OutsideModel
	for _, filter := range s.objects.Prefix(KindEnvoyFilter + "\x00") {
		if object != nil && filter.Ref == object.Ref {
			continue
		}
		for _, p := range outboundPatches(filter) {
			i := slices.IndexFunc(flows, func(f Flow) bool { return p.isForFlow(f, s.settings.RootNamespace) })
			if i >= 0 {
				f := &flows[i]
				found = append(found, OutsideModel{Object: &filter.Ref, Field: p.field(), Patch: true, Client: &f.Client, Host: f.Host, Port: f.Port})
				break
			}
		}
	}
	return found
}

// otherMeshesOf returns the first flow of each namespace whose pods belong to a control plane that is there and is not judged.
func (s *Snapshot) otherMeshesOf(flows []Flow) []OutsideModel {
	if len(s.Revisions()) < 2 {
		return nil
	}
	var found []OutsideModel
	asked := map[string]bool{}
	for i := range flows {
		f := &flows[i]
		namespace := f.Client.Namespace
		if asked[namespace] || f.Client.Kind != ClientSidecar && f.Client.Kind != ClientGateway {
			continue
		}
		asked[namespace] = true
		if revision := s.revisionOfNamespace(namespace); revision != "" && !s.isJudged(revision) {
			found = append(found, OutsideModel{Object: &Ref{Kind: KindNamespace, Name: namespace}, Field: "metadata.labels[" + revisionLabel + "]",
				Means: MeansRevision, Client: &f.Client, Host: f.Host, Port: f.Port})
		}
	}
	return found
}
