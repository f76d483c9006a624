package mesh

// RefsOf returns the objects that have to do with a host: what declares it, the rules that govern it, and the routes for it or to
// it.
func (s *Snapshot) RefsOf(host string) []Ref {
	seen := map[Ref]bool{}
	var list []Ref
	add := func(ref Ref) {
		if !seen[ref] && s.Get(ref) != nil {
			seen[ref] = true
			list = append(list, ref)
		}
	}
	for _, svc := range s.services.At(host) {
		add(svc.ref)
	}
	for _, pattern := range s.ruleHostsCovering(host) {
		for _, set := range s.rules.Prefix(pattern + "\x00") {
			for _, o := range set.rules {
				add(o.Ref)
			}
		}
	}
	for _, v := range append(s.virtualServicesForHost(host), s.virtualServicesWithDestination(host)...) {
		add(v.source())
	}
	return list
}
