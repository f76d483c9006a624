package mesh

import (
	"fmt"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	security "istio.io/api/security/v1beta1"
)

// What one object may list. Istio's CRDs bound a ServiceEntry's hosts, addresses and ports (256 each) and hardly anything else,
// but not what they make together. Published configurations have 24 rules and 18 addresses at most, and fewer of everything else.
const (
	maxListed    = 256  // things that are judged one by one, for each client or host
	maxPorts     = 100  // ports of a host, each of which is judged, and may be told, by itself
	maxNamed     = 1024 // names that are only compared, and things that are judged one by one but for no client
	maxListeners = 1024 // hosts x addresses x ports of a ServiceEntry
	maxEndpoints = 4096 // as Istio's own CRD has it
	// maxEndpointWork is how many endpoints the hosts of a ServiceEntry may have together.
	maxEndpointWork = 65_536
)

// CheckSize returns a *LimitError for an object that lists more than any review looks at, unless what is stored, which is nil for
// none, lists as much. What it needs the mesh for, Review finds out (maxSelectors, maxRouteWork).
func CheckSize(o, old *Object) error {
	had := map[string]int{}
	if old != nil {
		for _, l := range listings(old) {
			had[l.field] = l.count
		}
	}
	for _, l := range listings(o) {
		if l.count > l.most && l.count > had[l.field] {
			return &LimitError{Object: o.Ref, Reason: fmt.Sprintf("%s has %d entries, and a review looks at %d at most: split it", l.field, l.count, l.most)}
		}
	}
	return nil
}

// listing is how much an object lists in a field, or in several together.
type listing struct {
	field       string
	count, most int
}

func listings(o *Object) []listing {
	list := func(field string, count int) listing { return listing{"spec." + field, count, maxListed} }
	switch spec := o.Spec.(type) {
	case *networking.ServiceEntry:
		return serviceEntryListings(spec)
	case *networking.DestinationRule:
		return destinationRuleListings(spec)
	case *networking.VirtualService:
		return []listing{
			{"spec.hosts", len(spec.Hosts), maxNamed}, list("gateways", len(spec.Gateways)), list("exportTo", len(spec.ExportTo)),
			{"destinationSubnets of spec.tls and spec.tcp", matchedRanges(spec), maxNamed}, {"sniHosts of spec.tls", sniHosts(spec), maxNamed},
		}
	case *networking.Gateway:
		return gatewayListings(spec)
	case *networking.Sidecar:
		return sidecarListings(spec)
	case *networking.WorkloadEntry:
		return []listing{list("labels", len(spec.Labels)), list("ports", len(spec.Ports))}
	case *networking.EnvoyFilter:
		return []listing{list("configPatches", len(spec.ConfigPatches)), selectorListing("workloadSelector.labels", spec.GetWorkloadSelector().GetLabels())}
	case *security.AuthorizationPolicy:
		return authorizationListings(spec)
	case *security.PeerAuthentication:
		return []listing{list("portLevelMtls", len(spec.PortLevelMtls)), selectorListing("selector.matchLabels", spec.GetSelector().GetMatchLabels())}
	case *security.RequestAuthentication:
		return []listing{list("jwtRules", len(spec.JwtRules)), selectorListing("selector.matchLabels", spec.GetSelector().GetMatchLabels())}
	case *Service:
		return []listing{
			{"spec.ports", len(spec.Ports), maxListed}, selectorListing("selector", spec.Selector),
			{"metadata.annotations[" + exportToAnnotation + "]", strings.Count(o.Annotations[exportToAnnotation], ",") + 1, maxListed},
		}
	case *Ingress:
		return []listing{{"the backends of spec.rules", len(spec.Backends), maxNamed}}
	}
	return nil
}

// matchedRanges returns how many ranges the matches of a VirtualService's routes have.
func matchedRanges(spec *networking.VirtualService) int {
	n := 0
	for _, route := range spec.Tls {
		for _, m := range route.GetMatch() {
			n += len(m.GetDestinationSubnets())
		}
	}
	for _, route := range spec.Tcp {
		for _, m := range route.GetMatch() {
			n += len(m.GetDestinationSubnets())
		}
	}
	return n
}

func selectorListing(field string, labels map[string]string) listing {
	return listing{"spec." + field, len(labels), maxSelectorLabels}
}

func serviceEntryListings(spec *networking.ServiceEntry) []listing {
	hosts, addresses, endpoints := len(spec.Hosts), max(1, len(spec.Addresses)), len(spec.Endpoints)
	return []listing{
		{"spec.hosts", hosts, maxListed}, {"spec.ports", len(spec.Ports), maxPorts}, {"spec.exportTo", len(spec.ExportTo), maxListed},
		{"spec.subjectAltNames", len(spec.SubjectAltNames), maxNamed}, {"spec.endpoints", endpoints, maxEndpoints},
		selectorListing("workloadSelector.labels", spec.GetWorkloadSelector().GetLabels()),
		{"spec.hosts x spec.addresses x spec.ports", hosts * addresses * len(spec.Ports), maxListeners},
		{"spec.hosts x spec.endpoints", hosts * endpoints, maxEndpointWork},
		{"spec.hosts x spec.exportTo", hosts * len(spec.ExportTo), maxListeners},
	}
}

func destinationRuleListings(spec *networking.DestinationRule) []listing {
	names := len(spec.GetTrafficPolicy().GetTls().GetSubjectAltNames())
	ports := len(spec.GetTrafficPolicy().GetPortLevelSettings())
	for _, subset := range spec.Subsets {
		ports += len(subset.GetTrafficPolicy().GetPortLevelSettings())
		names += len(subset.GetTrafficPolicy().GetTls().GetSubjectAltNames())
	}
	return []listing{
		{"spec.subsets", len(spec.Subsets), maxListed}, {"portLevelSettings of spec.trafficPolicy and spec.subsets", ports, maxListed},
		{"subjectAltNames of spec.trafficPolicy and spec.subsets", names, maxNamed}, {"spec.exportTo", len(spec.ExportTo), maxListed},
	}
}

func gatewayListings(spec *networking.Gateway) []listing {
	hosts := 0
	for _, server := range spec.Servers {
		hosts += len(server.GetHosts())
	}
	return []listing{
		{"spec.servers", len(spec.Servers), maxListed}, {"hosts of spec.servers", hosts, maxNamed},
		selectorListing("selector", spec.Selector),
	}
}

func sidecarListings(spec *networking.Sidecar) []listing {
	hosts := 0
	for _, listener := range spec.Egress {
		hosts += len(listener.GetHosts())
	}
	return []listing{
		{"spec.egress", len(spec.Egress), maxListed}, {"hosts of spec.egress", hosts, maxNamed}, {"spec.ingress", len(spec.Ingress), maxListed},
		selectorListing("workloadSelector.labels", spec.GetWorkloadSelector().GetLabels()),
	}
}

// authorizationListings counts what is judged one by one: rules, their sources and conditions, and the names in them.
func authorizationListings(spec *security.AuthorizationPolicy) []listing {
	judged, named := len(spec.Rules), 0
	for _, rule := range spec.Rules {
		judged += len(rule.GetFrom()) + len(rule.GetWhen())
		for _, from := range rule.GetFrom() {
			source := from.GetSource()
			for _, values := range slices.Concat([][]string{source.GetPrincipals(), source.GetNotPrincipals()},
				[][]string{source.GetNamespaces(), source.GetNotNamespaces(), source.GetServiceAccounts(), source.GetNotServiceAccounts()}) {
				named += len(values)
			}
		}
		for _, condition := range rule.GetWhen() {
			if !strings.HasSuffix(condition.GetKey(), "ip") { // addresses name nobody, and lists of them are long
				named += len(condition.GetValues()) + len(condition.GetNotValues())
			}
		}
	}
	return []listing{
		{"spec.rules, with their from and when,", judged, maxNamed}, {"the names in spec.rules", named, maxNamed},
		selectorListing("selector.matchLabels", spec.GetSelector().GetMatchLabels()), {"spec.targetRefs", len(spec.GetTargetRefs()), maxListed},
	}
}
