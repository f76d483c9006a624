package mesh

import (
	"fmt"
	"iter"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/tlsward/tlsward/mesh/host"
)

// hostClasses returns an iterator over the equivalence classes of the known hosts that pattern covers: one host of
// each, with the number of the others. Hosts are of one class if every client is configured alike for them but for
// the name of the host:
//  1. each has one service, whose ServiceEntry differs in nothing that matters (entrySpecKey);
//  2. what DestinationRules and VirtualServices say of each differs in nothing but the host (hashSpec);
//  3. the same wildcard rules and routes cover them;
//  4. each of names, the SNIs that the object under review sets, is either a name of all of them or of none;
//  5. apart returns the same for all; nil returns the same for all hosts.
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

// hostClass is an equivalence class of hosts.
type hostClass struct {
	host   string
	others int
}

// classifyHosts returns the classes of the hosts that pattern covers, in the order of their first hosts.
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

// hostClassKey returns a string that is equal for hosts of one class; "" for a host that is alone in its class.
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

// entrySpecKey returns a string that is equal for ServiceEntries that can lead to different flows in nothing but the
// host; "" for an entry with endpoints or subjectAltNames, whose hosts are alone in their classes.
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
