package mesh

import (
	"fmt"
	"iter"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/tlsward/tlsward/mesh/host"
)

// hostClass is an equivalence class of hosts: every client is configured alike for each of them, but for the name of the
// host. A review looks at one host of each class, so that a rule for "*" costs what the classes cost, not the hosts.
type hostClass struct {
	host   string // the first of them
	others int    // how many others there are
}

// hostClasses returns an iterator over the classes of the known hosts that pattern covers, in the order of their first
// hosts. Hosts are of one class if
//  1. each has one service, whose ServiceEntry differs in nothing that matters (entrySpecKey);
//  2. what DestinationRules and VirtualServices say of each differs in nothing but the host (hashSpec);
//  3. the same wildcard rules and routes cover them;
//  4. each of sni, the SNIs that the object under review sets, is a name of all of them or of none;
//  5. the same of lists cover them.
func (s *Snapshot) hostClasses(pattern string, sni []string, lists HostLists) iter.Seq[hostClass] {
	return func(yield func(hostClass) bool) {
		if !host.IsWildcard(pattern) {
			for known := range s.hostsCoveredBy(pattern) {
				yield(hostClass{host: known})
			}
			return
		}
		for _, c := range s.classesOf(s.hostsCoveredBy(pattern), sni, lists) {
			if !yield(c) {
				return
			}
		}
	}
}

// classesOf returns the classes of hosts, in the order of their first hosts.
func (s *Snapshot) classesOf(hosts iter.Seq[string], sni []string, lists HostLists) []hostClass {
	var classes []hostClass
	index := map[string]int{}
	for known := range hosts {
		key := s.hostClassKey(known, sni)
		if key != "" {
			key += "\x04" + lists.covering(known)
			if i, found := index[key]; found {
				classes[i].others++
				continue
			}
			index[key] = len(classes)
		}
		classes = append(classes, hostClass{host: known})
	}
	return classes
}

// hostClassKey returns a string that is equal for hosts of one class, lists aside; "" for a host that is alone in its
// class.
func (s *Snapshot) hostClassKey(hostname string, sni []string) string {
	services := s.services.At(hostname)
	if len(services) != 1 || services[0].specKey == "" || host.IsWildcard(hostname) {
		return ""
	}
	var b strings.Builder
	b.WriteString(services[0].specKey)
	fmt.Fprintf(&b, "\x05%t", s.leavesMesh(services[0]))
	for _, set := range s.rules.Prefix(hostname + "\x00") {
		hash := set.specHash()
		if hash == 0 {
			return ""
		}
		fmt.Fprintf(&b, "\x00%x", hash)
	}
	for _, v := range s.virtualServices.Prefix(byHost + strings.ToLower(hostname) + "\x00") {
		hash := v.specHash()
		if hash == 0 {
			return ""
		}
		fmt.Fprintf(&b, "\x01%x", hash)
	}
	for _, pattern := range append(s.ruleHostsCovering(hostname)[1:], s.virtualServiceHostsCovering(hostname)[1:]...) {
		b.WriteString("\x02" + pattern)
	}
	for _, name := range sni {
		fmt.Fprintf(&b, "\x03%t", host.AnyCovers(services[0].entry.Hosts, name))
	}
	return b.String()
}

// HostLists are lists of hosts, exact ones and wildcards. Hosts that the same of them cover need not be told apart.
type HostLists [][]string

// covering returns a string that is equal for hosts that the same lists cover.
func (l HostLists) covering(hostname string) string {
	covered := make([]byte, len(l))
	for i, list := range l {
		covered[i] = '-'
		if host.AnyCovers(list, hostname) {
			covered[i] = 'x'
		}
	}
	return string(covered)
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
