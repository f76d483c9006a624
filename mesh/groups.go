package mesh

import (
	"fmt"
	"iter"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// shape tells ServiceEntries apart that can lead to different flows for hosts that one wildcard rule governs. It is
// "" for an entry that has no equal: one with endpoints or names of its own.
func shape(o *Object, entry *networking.ServiceEntry) string {
	if len(entry.Endpoints) > 0 || entry.WorkloadSelector != nil || len(entry.SubjectAltNames) > 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\x00%d\x00%d\x00%s\x00%s", o.Namespace, entry.Location, entry.Resolution, setKey(entry.ExportTo), labelsKey(o.Labels))
	for _, p := range entry.Ports {
		fmt.Fprintf(&b, "\x00%d %s %d", p.GetNumber(), p.GetProtocol(), p.GetTargetPort())
	}
	return b.String()
}

// hostGroups walks the known hosts that a rule governs, one for all that must fare alike, with the number of the
// others. Hosts are alike if one entry of the same shape declares each, and the same wildcards, but no rule and no
// route of its own, speak of it. A rule with an sni is held against every host's own name: no two are alike for it.
func (s *Snapshot) hostGroups(o *Object, pattern string) iter.Seq2[string, int] {
	return func(yield func(string, int) bool) {
		if !isWildcard(pattern) || sendsName(ruleSpec(o)) {
			for host := range s.hostsMatching(pattern) {
				if !yield(host, 0) {
					return
				}
			}
			return
		}
		s.yieldGroups(pattern, yield)
	}
}

func (s *Snapshot) yieldGroups(pattern string, yield func(string, int) bool) {
	type group struct {
		host string
		also int
	}
	var groups []group
	first := map[string]int{}
	for host := range s.hostsMatching(pattern) {
		key := s.groupKey(host)
		if i, known := first[key]; known && key != "" {
			groups[i].also++
			continue
		}
		first[key] = len(groups)
		groups = append(groups, group{host: host})
	}
	for _, g := range groups {
		if !yield(g.host, g.also) {
			return
		}
	}
}

// groupKey is equal for hosts that fare alike; "" for a host that stands alone.
func (s *Snapshot) groupKey(host string) string {
	services := s.services.at(host)
	if len(services) != 1 || services[0].shape == "" || s.rules.has(host+"\x00") || s.routes.has(byHost+host+"\x00") {
		return ""
	}
	return services[0].shape + "\x00" + strings.Join(s.patterns(host)[1:], "\x00") + "\x00" + strings.Join(s.routePatterns(host)[1:], "\x00")
}

// sendsName tells whether a rule sets an sni anywhere.
func sendsName(spec *networking.DestinationRule) bool {
	policies := []*networking.TrafficPolicy{spec.TrafficPolicy}
	for _, sub := range spec.Subsets {
		policies = append(policies, sub.GetTrafficPolicy())
	}
	for _, p := range policies {
		if p.GetTls().GetSni() != "" {
			return true
		}
		for _, entry := range p.GetPortLevelSettings() {
			if entry.GetTls().GetSni() != "" {
				return true
			}
		}
	}
	return false
}
