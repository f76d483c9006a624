package oracle

import (
	"net/netip"

	"istio.io/istio/pkg/config/protocol"
)

type declaredPort struct {
	number   uint32
	protocol protocol.Instance
}

// declaredHosts returns the hosts that a ServiceEntry or Service declares.
func declaredHosts(d Document) []string {
	switch d.Kind() {
	case "ServiceEntry":
		var hosts []string
		listed, _ := d.Spec()["hosts"].(list)
		for _, h := range listed {
			if name, _ := h.(string); name != "" {
				hosts = append(hosts, name)
			}
		}
		return hosts
	case "Service":
		return []string{d.Name() + "." + d.Namespace() + ".svc." + clusterDomain}
	}
	return nil
}

// declaredPorts returns the ports of a ServiceEntry; a Service's are left out, for Istio reads their protocol from much
// else.
func declaredPorts(d Document) []declaredPort {
	if d.Kind() != "ServiceEntry" {
		return nil
	}
	var ports []declaredPort
	listed, _ := d.Spec()["ports"].(list)
	for _, p := range listed {
		port, _ := p.(object)
		name, _ := port["protocol"].(string)
		ports = append(ports, declaredPort{number: numberOf(port["number"]), protocol: protocol.Parse(name)})
	}
	return ports
}

// addresses calls with each IP address that an object gives its hosts, and whose it is.
func addresses(d Document, each func(netip.Addr, string)) {
	add := func(v any, from string) {
		text, _ := v.(string)
		if a, err := netip.ParseAddr(text); err == nil && !a.IsUnspecified() {
			each(a, from)
		}
	}
	vips, _ := d.Spec()["addresses"].(list)
	for _, a := range vips {
		add(a, itsVIP)
	}
	add(d.Spec()["clusterIP"], itsVIP)
	ends, _ := d.Spec()["endpoints"].(list)
	for _, e := range ends {
		endpoint, _ := e.(object)
		add(endpoint["address"], itsEndpoint)
	}
}
