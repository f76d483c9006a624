package mesh

import (
	"fmt"
	"slices"
)

// maxWaitingLooks is how many ranges and services are looked at for what an object under review is only told. Where there are more, it is
// told of the VirtualService at which they end.
const maxWaitingLooks = 1 << 14

// waitingMatches returns the ports of an entry or a Service under review from which wide matches of other hosts' routes take connections: they
// were there first, and took nothing while nobody had the port. Each port is told of one, which is Object.
func (s *Snapshot) waitingMatches(object *Object) []OutsideModel {
	services := s.settings.servicesOf(object)
	if len(services) == 0 {
		return nil
	}
	var found []OutsideModel
	told, looks := map[uint32]bool{}, 0
	for _, v := range s.virtualServices.Prefix(byAddress) {
		wide, looked := s.wideMatchesWithin(v, maxWaitingLooks-looks)
		if looks += looked; looks > maxWaitingLooks {
			by := v.source()
			return append(found, OutsideModel{Object: &by, Field: "spec.ports", Means: MeansWideMatch})
		}
		for _, m := range wide {
			i := slices.IndexFunc(services[0].ports, func(p port) bool { return p.number == m.number })
			if i < 0 || told[m.number] {
				continue
			}
			mayBeAny := s.mayTakeAny(v, m)
			told[m.number] = slices.ContainsFunc(services, func(svc *service) bool { looks += 1 + len(m.ranges); return s.takesFrom(v, m, svc, mayBeAny) })
			if told[m.number] {
				by := v.source()
				found = append(found, OutsideModel{Object: &by, Field: fmt.Sprintf("spec.ports[%d]", i), Means: MeansWideMatch})
			}
		}
	}
	return found
}
