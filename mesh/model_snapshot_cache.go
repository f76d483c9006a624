package mesh

import networking "istio.io/api/networking/v1alpha3"

// snapshotCache holds what one review asks a Snapshot again and again; without maps it holds nothing. It is not for concurrent use.
type snapshotCache struct {
	routes    map[*Object][]*networking.HTTPRoute // of VirtualServices that delegate, see httpRoutes
	listeners map[*Object][]egressListener        // of Sidecars, see egressListeners
}

// caching returns a copy of s for one review, and for one goroutine; s itself where there is nothing that the cache is for.
func (s *Snapshot) caching() *Snapshot {
	delegates := false
	for range s.virtualServices.Prefix(byDelegate) {
		delegates = true
		break
	}
	if !delegates && s.sidecarsBySelector.Len() == 0 {
		return s
	}
	next := *s
	next.cache = snapshotCache{routes: map[*Object][]*networking.HTTPRoute{}, listeners: map[*Object][]egressListener{}}
	return &next
}
