package structural

import (
	"fmt"
	"net/netip"
	"strings"
)

// invalidHosts returns the hosts that Istio's webhook refuses since they are URLs, or have a port or a path: none has a label with such
// characters (istio pkg/config/validation/agent/validation.go, ValidateWildcardDomain). A VirtualService's may be addresses.
func invalidHosts(kind string, object map[string]any) []Invalid {
	spec, _ := object["spec"].(map[string]any)
	switch kind {
	case "ServiceEntry":
		return invalidHostsOf(spec["hosts"], false)
	case "VirtualService":
		return invalidHostsOf(spec["hosts"], true)
	case "DestinationRule":
		host, _ := spec["host"].(string)
		return invalidHost("spec.host", host)
	}
	return nil
}

func invalidHostsOf(hosts any, addresses bool) []Invalid {
	var found []Invalid
	list, _ := hosts.([]any)
	for i, item := range list {
		host, _ := item.(string)
		if _, err := netip.ParseAddr(host); err == nil && addresses {
			continue
		}
		found = append(found, invalidHost(fmt.Sprintf("spec.hosts[%d]", i), host)...)
	}
	return found
}

func invalidHost(path, host string) []Invalid {
	scheme, rest, isURL := strings.Cut(host, "://")
	if !isURL {
		rest = host
	}
	end := strings.IndexAny(rest, "/: \t")
	if !isURL && end < 0 {
		return nil
	}
	name, surplus := rest, []string{}
	if isURL {
		surplus = append(surplus, scheme+"://")
	}
	if end >= 0 {
		name, surplus = rest[:end], append(surplus, rest[end:])
	}
	return []Invalid{{Path: path, Problem: fmt.Sprintf(": %q is no host: want a name alone, %s without %s", host, name, strings.Join(surplus, " and "))}}
}
