package mesh

import (
	"cmp"
	"fmt"
	"strings"
)

// clusterOf returns the cluster of a client, written as parseClient reads it, for a port of host.
func clusterOf(s *Snapshot, client, host string, port uint32, subset string) string {
	return clusterLine(s.Cluster(parseClient(client), host, port, subset))
}

// clusterLine returns a cluster's TLS on one line: its mode, why there is none, what is sent and what is checked.
func clusterLine(c Cluster, ok bool) string {
	if !ok {
		return "no cluster"
	}
	fields := []string{cmp.Or(c.Hop.TLS, "plaintext")}
	if c.AutoMTLS {
		fields[0] = "automatic mTLS"
	}
	add := func(word string, there bool) {
		if there {
			fields = append(fields, word)
		}
	}
	add(string(c.Cause), c.Cause != CauseNone)
	add("sni="+c.Hop.SNI, c.Hop.SNI != "")
	add("auto-sni", c.Hop.AutoSNI)
	add("names="+strings.Join(c.Hop.Names, ","), len(c.Hop.Names) > 0)
	add("auto-san", c.Hop.AutoNames)
	add("insecure", c.Hop.Insecure)
	add("verified", c.Hop.Verified)
	return strings.Join(fields, " ")
}

// upstreamLine returns how a client's proxy finds the endpoints of a port, and the ports of those.
func upstreamLine(s *Snapshot, client, host string, number uint32, subset string) string {
	from := parseClient(client)
	svc, ok := s.serviceFor(from, host)
	if !ok {
		return "no service"
	}
	p, ok := svc.port(number)
	if !ok {
		return "no port"
	}
	u, ok := s.upstreamOf(from, svc, p, s.destinationRules(from, svc).ruleFor(from), subset)
	if !ok {
		return "no cluster"
	}
	names := map[discoveryType]string{
		discoveryEDS: "EDS", discoveryDNS: "DNS", discoveryOriginalDst: "ORIGINAL_DST", discoveryDynamicForwardProxy: "dynamic forward proxy",
	}
	return fmt.Sprintf("%s %v", names[u.discovery], u.ports)
}

// destinationsLine returns destinations in their order: "host:port/subset as authority", " | " between them.
func destinationsLine(list []Destination) string {
	lines := make([]string, 0, len(list))
	for _, d := range list {
		line := fmt.Sprintf("%s:%d", d.Host, d.Port)
		if d.Subset != "" {
			line += "/" + d.Subset
		}
		if d.Authority != "" {
			line += " as " + d.Authority
		}
		lines = append(lines, line)
	}
	return cmp.Or(strings.Join(lines, " | "), "nowhere")
}

// destinationsOf returns where a client's proxy sends what is meant for a port of host.
func destinationsOf(s *Snapshot, client, host string, port uint32) string {
	list, known := s.Destinations(parseClient(client), host, port)
	if !known {
		return "not listened for"
	}
	return destinationsLine(list)
}

// gatewayDestinationsOf returns where the pods of a gateway send what comes to a port of theirs.
func gatewayDestinationsOf(s *Snapshot, client string, port uint32, sni, authority string) string {
	list, known := s.GatewayDestinations(parseClient(client), port, sni, authority)
	if !known {
		return "not taken"
	}
	return destinationsLine(list)
}
