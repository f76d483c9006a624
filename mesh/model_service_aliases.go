package mesh

import (
	"slices"
	"strings"
)

// isAlias reports whether a host is one of a Service of type ExternalName, which stands for another.
func (s *Snapshot) isAlias(hostname string) bool {
	return slices.ContainsFunc(s.services.At(hostname), func(svc *service) bool { return svc.alias })
}

// isDeclared reports whether a host has a service that is no alias: only that has filter chains.
func (s *Snapshot) isDeclared(hostname string) bool {
	return slices.ContainsFunc(s.services.At(hostname), func(svc *service) bool { return !svc.alias })
}

// aliasTarget returns the host for which that of a Service of type ExternalName stands in the end, through others of its kind; "" for a host
// that is none, or one that leads back to itself.
func (s *Snapshot) aliasTarget(hostname string) string {
	target, seen := hostname, map[string]bool{}
	for !seen[target] {
		seen[target] = true
		i := slices.IndexFunc(s.services.At(target), func(svc *service) bool { return svc.alias })
		switch {
		case i >= 0:
			target = s.services.At(target)[i].externalName
		case target == hostname:
			return ""
		default:
			return target
		}
	}
	return ""
}

// aliasesOf returns the hosts of Services of type ExternalName that stand for a host, through others of their kind too, and whoever sees them:
// none for a host that stands for another itself. Istio compares hosts letter by letter, and with the dot at their end
// (pilot/pkg/model/push_context.go resolveServiceAliases).
func (s *Snapshot) aliasesOf(hostname string) []string {
	if s.aliases.Len() == 0 || s.isAlias(hostname) {
		return nil
	}
	list := []string{hostname}
	for i := 0; i < len(list); i++ {
		for _, alias := range s.aliases.Prefix(resolvedName(list[i]) + "\x00") {
			if slices.ContainsFunc(s.services.At(alias), func(svc *service) bool { return svc.alias && svc.externalName == list[i] }) {
				list = append(list, alias)
			}
		}
	}
	return list[1:]
}

// namesOfAlias returns the server names that an alias adds to the filter chain of the host for which it stands, in proxies of a namespace
// (pilot/pkg/networking/core/tls.go buildSidecarOutboundTLSFilterChainOpts, httproute.go GenerateAltVirtualHosts). For
// cart.shop.svc.cluster.local they are
//
//	cart.shop.svc.cluster.local, cart.shop.svc.cluster.local.  for all
//	cart.shop, cart.shop.svc                                   for all
//	cart                                                       for clients in shop
//
// Of a namespace called svc, whose hosts Istio cuts at the wrong place, there are the first two.
func (s Settings) namesOfAlias(alias, clientNamespace string) []string {
	list := []string{alias, alias + "."}
	name, namespace, ok := s.parseServiceHost(alias)
	if !ok || namespace == "svc" {
		return list
	}
	if namespace == clientNamespace {
		list = append(list, name)
	}
	return append(list, name+"."+namespace, name+"."+namespace+".svc")
}

// aliasesNamed returns the hosts of Services of type ExternalName of which a server name is one of namesOfAlias, for clients of their own
// namespace at least.
func (s *Snapshot) aliasesNamed(name string) []string {
	if s.aliases.Len() == 0 || name == "" {
		return nil
	}
	name = strings.ToLower(name)
	hosts := []string{name, strings.TrimSuffix(name, "."), strings.TrimSuffix(name, ".svc") + ".svc." + s.settings.ClusterDomain}
	if !strings.Contains(name, ".") {
		for known := range s.services.Prefix(name + ".") {
			hosts = append(hosts, known)
		}
	}
	slices.Sort(hosts)
	return slices.DeleteFunc(slices.Compact(hosts), func(alias string) bool {
		_, namespace, _ := s.settings.parseServiceHost(alias)
		return !s.isAlias(alias) || !slices.Contains(s.settings.namesOfAlias(alias, namespace), name)
	})
}

// importsAlias reports whether the listener, which imports a service, has an alias of it: by the hosts for the service's own namespace, where
// these import the service, else by those for any (pilot/pkg/model/sidecar.go matchingAliasService).
func (l egressListener) importsAlias(alias string, svc *service, clientNamespace string) bool {
	own := importedFrom(l.hosts, clientNamespace, svc.namespace)
	if !own(svc.host) {
		own = importedFrom(l.hosts, clientNamespace, "*")
	}
	return own(alias)
}
