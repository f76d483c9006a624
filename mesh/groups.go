package mesh

import (
	"fmt"
	"iter"
	"slices"
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

// hostGroups walks the known hosts that pattern covers, one for all that must fare alike, with the number of the
// others. Hosts are alike if one entry of the same shape declares each, and if what rules and routes say of them
// differs in nothing but the host. names are the SNIs that the object under review sends: they are held against every
// host's own. Hosts that apart has different words for are in different groups.
func (s *Snapshot) hostGroups(pattern string, names []string, apart func(string) string) iter.Seq2[string, int] {
	return func(yield func(string, int) bool) {
		if !isWildcard(pattern) {
			for host := range s.hostsMatching(pattern) {
				yield(host, 0)
			}
			return
		}
		for _, g := range s.groups(pattern, names, apart) {
			if !yield(g.host, g.also) {
				return
			}
		}
	}
}

// group is one host for all that fare alike.
type group struct {
	host string
	also int
}

func (s *Snapshot) groups(pattern string, names []string, apart func(string) string) []group {
	var groups []group
	first := map[string]int{}
	for host := range s.hostsMatching(pattern) {
		key := s.groupKey(host, names)
		if key != "" && apart != nil {
			key += "\x04" + apart(host)
		}
		if i, known := first[key]; known && key != "" {
			groups[i].also++
			continue
		}
		first[key] = len(groups)
		groups = append(groups, group{host: host})
	}
	return groups
}

// groupKey is equal for hosts that fare alike; "" for a host that stands alone.
func (s *Snapshot) groupKey(host string, names []string) string {
	services := s.services.at(host)
	if len(services) != 1 || services[0].shape == "" || isWildcard(host) {
		return ""
	}
	var b strings.Builder
	b.WriteString(services[0].shape)
	for _, set := range s.rules.prefix(host + "\x00") {
		if set.shape == 0 {
			return ""
		}
		fmt.Fprintf(&b, "\x00%x", set.shape)
	}
	for _, v := range s.routes.prefix(byHost + strings.ToLower(host) + "\x00") {
		if v.shape == 0 {
			return ""
		}
		fmt.Fprintf(&b, "\x01%x", v.shape)
	}
	for _, pattern := range append(s.patterns(host)[1:], s.routePatterns(host)[1:]...) {
		b.WriteString("\x02" + pattern)
	}
	for _, name := range names {
		fmt.Fprintf(&b, "\x03%t", covers(services[0].entry.Hosts, name))
	}
	return b.String()
}

// namesSent lists the SNIs that a rule sets.
func namesSent(spec *networking.DestinationRule) []string {
	policies := []*networking.TrafficPolicy{spec.TrafficPolicy}
	for _, sub := range spec.Subsets {
		policies = append(policies, sub.GetTrafficPolicy())
	}
	var names []string
	for _, p := range policies {
		names = append(names, p.GetTls().GetSni())
		for _, entry := range p.GetPortLevelSettings() {
			names = append(names, entry.GetTls().GetSni())
		}
	}
	return slices.DeleteFunc(names, func(name string) bool { return name == "" })
}
