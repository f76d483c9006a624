package mesh

import (
	"fmt"
	"iter"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/tlsward/tlsward/mesh/host"
)

// hostClasses returns an iterator over the known hosts that pattern covers, one for all that must fare alike, with the number of the
// others. Hosts are alike if one entry of the same shape declares each, and if what rules and routes say of them
// differs in nothing but the host. names are the SNIs that the object under review sends: they are held against every
// host's own. Hosts that apart has different words for are in different groups.
func (s *Snapshot) hostClasses(pattern string, names []string, apart func(string) string) iter.Seq2[string, int] {
	return func(yield func(string, int) bool) {
		if !host.IsWildcard(pattern) {
			for host := range s.hostsCoveredBy(pattern) {
				yield(host, 0)
			}
			return
		}
		for _, g := range s.classifyHosts(pattern, names, apart) {
			if !yield(g.host, g.others) {
				return
			}
		}
	}
}

// hostClass is one host for all that fare alike.
type hostClass struct {
	host   string
	others int
}

func (s *Snapshot) classifyHosts(pattern string, names []string, apart func(string) string) []hostClass {
	var groups []hostClass
	first := map[string]int{}
	for host := range s.hostsCoveredBy(pattern) {
		key := s.hostClassKey(host, names)
		if key != "" && apart != nil {
			key += "\x04" + apart(host)
		}
		if i, known := first[key]; known && key != "" {
			groups[i].others++
			continue
		}
		first[key] = len(groups)
		groups = append(groups, hostClass{host: host})
	}
	return groups
}

// hostClassKey is equal for hosts that fare alike; "" for a host that stands alone.
func (s *Snapshot) hostClassKey(hostname string, names []string) string {
	services := s.services.At(hostname)
	if len(services) != 1 || services[0].specKey == "" || host.IsWildcard(hostname) {
		return ""
	}
	var b strings.Builder
	b.WriteString(services[0].specKey)
	for _, set := range s.rules.Prefix(hostname + "\x00") {
		if set.specHash == 0 {
			return ""
		}
		fmt.Fprintf(&b, "\x00%x", set.specHash)
	}
	for _, v := range s.virtualServices.Prefix(byHost + strings.ToLower(hostname) + "\x00") {
		if v.specHash == 0 {
			return ""
		}
		fmt.Fprintf(&b, "\x01%x", v.specHash)
	}
	for _, pattern := range append(s.ruleHostsCovering(hostname)[1:], s.virtualServiceHostsCovering(hostname)[1:]...) {
		b.WriteString("\x02" + pattern)
	}
	for _, name := range names {
		fmt.Fprintf(&b, "\x03%t", host.AnyCovers(services[0].entry.Hosts, name))
	}
	return b.String()
}

// entrySpecKey tells ServiceEntries apart that can lead to different flows for hosts that one wildcard rule governs. It is
// "" for an entry that has no equal: one with endpoints or names of its own.
func entrySpecKey(o *Object, entry *networking.ServiceEntry) string {
	if len(entry.Endpoints) > 0 || entry.WorkloadSelector != nil || len(entry.SubjectAltNames) > 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\x00%d\x00%d\x00%s\x00%s", o.Namespace, entry.Location, entry.Resolution, exportToKey(entry.ExportTo), labelsKey(o.Labels))
	for _, p := range entry.Ports {
		fmt.Fprintf(&b, "\x00%d %s %d", p.GetNumber(), p.GetProtocol(), p.GetTargetPort())
	}
	return b.String()
}
