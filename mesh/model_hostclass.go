package mesh

import (
	"fmt"
	"iter"
	"strconv"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/tlsward/tlsward/mesh/host"
)

// hostClass is an equivalence class of hosts: every client is configured alike for each of them, but for the name of the
// host. A review looks at one host of each class, so that a rule for "*" costs what the classes cost, not the hosts.
type hostClass struct {
	host   string // the first of them
	others int    // how many others there are
	// alike is what they have in common, SNIs aside; "" for a host that is alone in its class.
	alike string
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
func (s *Snapshot) classesOf(hosts iter.Seq2[string, []*service], sni []string, lists HostLists) []hostClass {
	var classes []hostClass
	index := map[string]int{}
	key := make([]byte, 0, 256) // one for all hosts, of which most are of a class that is known
	for known, services := range hosts {
		class := hostClass{host: known}
		if key = s.appendHostClassKey(key[:0], known, services); len(key) > 0 {
			key = lists.appendCovering(key, known)
			alike := len(key)
			for _, name := range sni {
				key = strconv.AppendBool(key, host.AnyCovers(services[0].entry.Hosts, name))
			}
			if i, found := index[string(key)]; found {
				classes[i].others++
				continue
			}
			index[string(key)] = len(classes)
			class.alike = string(key[:alike])
		}
		classes = append(classes, class)
	}
	return classes
}

// withoutSNI returns the classes that classesOf returns of the same hosts without SNIs.
func withoutSNI(classes []hostClass) []hostClass {
	var joined []hostClass
	index := map[string]int{}
	for _, c := range classes {
		if i, found := index[c.alike]; found && c.alike != "" {
			joined[i].others += 1 + c.others
			continue
		}
		index[c.alike] = len(joined)
		joined = append(joined, c)
	}
	return joined
}

// appendHostClassKey appends what is equal for hosts of one class, SNIs and lists aside, to key, which is empty; nothing for a host
// that is alone in its class.
func (s *Snapshot) appendHostClassKey(key []byte, hostname string, services []*service) []byte {
	if len(services) != 1 || services[0].specKey == "" || host.IsWildcard(hostname) {
		return key
	}
	key = append(key, services[0].specKey...)
	key = strconv.AppendBool(append(key, '\x05'), s.leavesMesh(services[0]))
	for _, set := range s.rules.Prefix(hostname + "\x00") {
		hash := set.specHash()
		if hash == 0 {
			return key[:0]
		}
		key = strconv.AppendUint(append(key, '\x00'), hash, 16)
	}
	for _, v := range s.virtualServices.Prefix(byHost + strings.ToLower(hostname) + "\x00") {
		hash := v.specHash()
		if hash == 0 {
			return key[:0]
		}
		key = strconv.AppendUint(append(key, '\x01'), hash, 16)
	}
	for suffix := range s.ruleWildcards.over(hostname) {
		key = append(append(key, '\x02'), suffix...)
	}
	key = append(key, '\x03')
	for suffix := range s.virtualServiceWildcards.over(strings.ToLower(hostname)) {
		key = append(append(key, '\x02'), suffix...)
	}
	return append(key, '\x04')
}

// HostLists are lists of hosts, exact ones and wildcards. Hosts that the same of them cover need not be told apart.
type HostLists [][]string

// covering returns a string that is equal for hosts that the same lists cover.
func (l HostLists) covering(hostname string) string { return string(l.appendCovering(nil, hostname)) }

// appendCovering appends what covering returns.
func (l HostLists) appendCovering(to []byte, hostname string) []byte {
	for _, list := range l {
		covered := byte('-')
		if host.AnyCovers(list, hostname) {
			covered = 'x'
		}
		to = append(to, covered)
	}
	return to
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
