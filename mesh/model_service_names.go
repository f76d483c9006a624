package mesh

import (
	"slices"
	"strings"
)

// servicesNamed returns the hosts of which a host is another name, in any case: that of any service with a dot behind it, and the
// shorter ones of Kubernetes Services
// (pilot/pkg/networking/core/httproute.go generateVirtualHostDomains, GenerateAltVirtualHosts). An entry or a VirtualService for
// such a name takes the domain from the Service's virtual host: what is known as a host of its own is no alternative name
// (dedupeDomains). For cart.shop.svc.cluster.local they are
//
//	cart                          for clients in shop
//	cart.shop, cart.shop.svc      for all
//	cart.shop.svc.cluster.local.  for all
//	*.cart.shop, x.cart.shop ...  where it is headless
func (s *Snapshot) servicesNamed(name string) []string {
	name = strings.ToLower(name)
	list := s.servicesNamedExactly(name)
	if absolute, ok := strings.CutSuffix(name, "."); ok && len(s.services.At(absolute)) > 0 && !slices.Contains(list, absolute) {
		list = append(list, absolute)
	}
	if _, parent, ok := strings.Cut(name, "."); ok {
		for _, host := range append(s.servicesNamedExactly(parent), parent) {
			if slices.ContainsFunc(s.services.At(host), func(svc *service) bool { return svc.kubernetes && svc.headless }) {
				list = append(list, host)
			}
		}
	}
	return list
}

func (s *Snapshot) servicesNamedExactly(name string) []string {
	suffix := ".svc." + s.settings.ClusterDomain
	var list []string
	if !strings.Contains(name, ".") {
		for host := range s.services.Prefix(name + ".") {
			if short, _, ok := s.settings.parseServiceHost(host); ok && short == name {
				list = append(list, host)
			}
		}
	}
	for _, host := range []string{strings.TrimSuffix(name, "."), strings.TrimSuffix(name, ".svc") + suffix} {
		if _, _, ok := s.settings.parseServiceHost(host); ok && host != name {
			list = append(list, host)
		}
	}
	return slices.DeleteFunc(list, func(host string) bool {
		return !slices.ContainsFunc(s.services.At(host), func(svc *service) bool { return svc.kubernetes && !svc.alias })
	})
}

// shortNames returns the names of which Istio makes other names of a host that ends in the cluster's domain: it is cut at its first
// ".svc.", though it be an entry's (pilot/pkg/networking/core/httproute.go generateAltVirtualHostsForKubernetesService). They are
// not for a name that is a host itself, and without a dot they are for one namespace's clients, who have the longer ones too.
//
//	pay.bank.svc.x.svc.cluster.local      pay.bank, pay.bank.svc
//	api.example.com.svc.cluster.local     api.example.com, api.example.com.svc
func (s *Snapshot) shortNames(host string) []string {
	short, _, cut := strings.Cut(host, ".svc.")
	if !cut || !strings.Contains(short, ".") || !strings.HasSuffix(host, ".svc."+s.settings.ClusterDomain) {
		return nil
	}
	return slices.DeleteFunc([]string{short, short + ".svc"}, func(name string) bool { return len(s.services.At(name)) > 0 })
}

// isNameFor reports whether clients of a namespace use a name of a Service, or its address: a name without a dot is for the
// Service's own namespace.
func (s Settings) isNameFor(name, host, clientNamespace string) bool {
	_, namespace, _ := s.parseServiceHost(host)
	return strings.ContainsAny(name, ".:") || name == host || namespace == clientNamespace
}

// isForServices reports whether a wildcard is for names of the cluster's Services, and not for all hosts: *.bank.svc.cluster.local, as
// well as *.local.
func (s Settings) isForServices(wildcard string) bool {
	suffix, names := strings.TrimPrefix(wildcard, "*"), ".svc."+s.ClusterDomain
	return suffix != wildcard && suffix != "" && (strings.HasSuffix(suffix, names) || strings.HasSuffix(names, suffix))
}
