package oracle

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/tlsward/tlsward/envoy"
	"github.com/tlsward/tlsward/mesh"
)

// walkedTargets returns where the proxy sends what arrives.
func walkedTargets(config *envoy.Config, a arrival) ends {
	var all ends
	for _, p := range a.payloads {
		for _, o := range config.Walk(a.connection(p)) {
			all = append(all, walkedEnd(o, p))
		}
	}
	return all.leaving()
}

// connection returns the arrival as the proxy sees it.
func (a arrival) connection(p envoy.Payload) envoy.Connection {
	if a.atWaypoint {
		return outOfTunnel(netip.AddrPortFrom(a.address, uint16(a.port)), p)
	}
	return envoy.Connection{
		Redirected: envoy.OutboundCapture, Destination: netip.AddrPortFrom(a.address, uint16(a.port)), Payload: p,
	}
}

func walkedEnd(o envoy.Outcome, p envoy.Payload) connectionEnd {
	o = ofService(o)
	key, ok := keyOf(o.Cluster())
	key.Served = "" // as HTTP and as bytes: the model has one for both
	switch {
	case len(o.Unknown) > 0:
		return connectionEnd{unknown: o.Unknown[0].String()}
	case !ok && o.End == envoy.EndUpstream:
		return connectionEnd{place: passedOn}
	case !ok, o.End != envoy.EndUpstream && o.End != envoy.EndNoEndpoint:
		return connectionEnd{place: notTaken, why: string(o.End)}
	}
	end := connectionEnd{place: key.String(), tls: walkedTLS(o)}
	if p.HTTP != nil && !o.Mirror && o.Authority != "" && o.Authority != p.HTTP.Host { // no authority leaves where the request is not read
		end.authority = "as " + o.Authority
	}
	return end
}

func walkedTLS(o envoy.Outcome) string {
	if o.TLS == nil {
		return ""
	}
	sni := o.TLS.ServerName
	if o.TLS.ServerNameFrom == envoy.NameAuthority {
		sni = "auto"
	}
	var names []string
	for _, n := range o.TLS.Names {
		names = append(names, n.String())
	}
	return describeTLS(sni, names, o.TLS.AutoName != nil, o.TLS.Insecure)
}

func describeTLS(sni string, names []string, auto, insecure bool) string {
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	return fmt.Sprintf("TLS sni=%s names=%v auto=%v insecure=%v", sni, names, auto, insecure)
}

// modelledTargets returns where the model says that it goes, or why it does not tell.
func modelledTargets(snapshot *mesh.Snapshot, client mesh.Client, a arrival) (all ends, unsure string) {
	for _, p := range a.payloads {
		sent := mesh.Outbound{To: netip.AddrPortFrom(a.address, uint16(a.port)), TLS: p.TLS != nil}
		if p.HTTP != nil {
			sent.Request = p.HTTP.Host
		}
		if p.TLS != nil {
			sent.ServerName = p.TLS.ServerName
		}
		to := snapshot.Outbound(client, sent)
		if to.Unsure != "" {
			return nil, to.Unsure
		}
		for _, d := range to.Destinations {
			all = append(all, modelledEnd(snapshot, client, p, d))
		}
		if to.PassesOn {
			all = append(all, connectionEnd{place: passedOn})
		}
	}
	return all.leaving(), ""
}

func modelledEnd(snapshot *mesh.Snapshot, client mesh.Client, p envoy.Payload, d mesh.Destination) connectionEnd {
	end := connectionEnd{place: Key{Host: d.Host, Port: d.Port, Subset: d.Subset}.String()}
	if d.Authority != "" {
		end.authority = "as " + d.Authority
	}
	c, ok := snapshot.Cluster(client, d.Host, d.Port, d.Subset)
	switch {
	case !ok:
		return connectionEnd{place: notTaken, why: string(envoy.EndNoCluster)}
	case c.Hop.TLS == "":
		return end
	}
	sni, requests := c.Hop.SNI, p.HTTP != nil
	if c.Hop.AutoSNI && requests {
		sni = "auto"
	}
	end.tls = describeTLS(sni, c.Hop.Names, c.Hop.AutoNames && requests, c.Hop.Insecure)
	return end
}

// leaving returns the ends at which something leaves, or that nothing does.
func (e ends) leaving() ends {
	left := slices.DeleteFunc(slices.Clone(e), func(one connectionEnd) bool { return one.place == notTaken })
	if len(left) > 0 {
		return left
	}
	if len(e) == 0 {
		return ends{{place: notTaken}}
	}
	return e
}

// untold returns why a walk does not tell where it ends, "" where it does.
func (e ends) untold() string {
	for _, one := range e {
		if one.unknown != "" {
			return "not walked: " + one.unknown
		}
	}
	return ""
}

// places returns the clusters at which a connection ends, and the authorities that are set. What TLS a cluster has TestOracle decides.
func (e ends) places() string {
	var places []string
	for _, one := range e {
		places = append(places, strings.TrimSpace(one.place+" "+one.authority))
	}
	slices.Sort(places)
	return strings.Join(slices.Compact(places), "\n         ")
}
