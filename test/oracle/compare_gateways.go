package oracle

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"

	"github.com/tlsward/tlsward/mesh"
)

// CompareGateways asks Istio and the model where the gateways send what comes to each port of their servers: by Envoy's
// listeners and routes, and by mesh.GatewayDestinations.
func (f *Farm) CompareGateways(m Mesh) (Result, error) {
	gateways := slices.DeleteFunc(Clients(), func(c mesh.Client) bool { return c.Kind != mesh.ClientGateway })
	return f.each(m, gateways, func(r *Result, snapshot *mesh.Snapshot, istio *Istio, client mesh.Client) error {
		tables, err := istio.Tables(client)
		if err != nil {
			return err
		}
		return compareGateway(r, m, snapshot, client, tables)
	})
}

func compareGateway(r *Result, m Mesh, snapshot *mesh.Snapshot, client mesh.Client, tables *Tables) error {
	names := arrivingNames(m)
	for _, port := range serverPorts(m) {
		l := tables.gatewayListener(port)
		if !accepted(l) {
			continue
		}
		for _, sni := range append([]string{""}, names...) {
			for _, authority := range names {
				istio, err := tables.Gateway(l, sni, authority)
				if err != nil {
					return err
				}
				modelled := gatewayAnswer(snapshot.GatewayDestinations(client, port, sni, authority))
				r.Compared++
				if strings.Contains(istio, ":") {
					r.Routed++
				}
				if istio != modelled {
					r.Found = append(r.Found, Disagreement{
						Client: client, Key: Key{Host: authority, Port: port}, Routes: &[2]string{istio, modelled},
						Protocol: fmt.Sprintf("of a gateway, %s", described(m, port)), SNI: sni,
					})
					return nil
				}
			}
		}
	}
	return nil
}

func gatewayAnswer(list []mesh.Destination, known bool) string {
	if !known {
		return "not taken"
	}
	return brieflyTargets(targetsOf(list))
}

// arrivingNames lists the names that servers and VirtualServices speak of, one below each wildcard, and a stranger's.
func arrivingNames(m Mesh) []string {
	names := map[string]bool{"stranger.example.net": true}
	add := func(hosts any) {
		listed, _ := hosts.(list)
		for _, h := range listed {
			name, _ := h.(string)
			if _, rest, found := strings.Cut(name, "/"); found {
				name = rest
			}
			if !strings.Contains(name, ".") {
				continue
			}
			if rest, wild := strings.CutPrefix(name, "*"); wild {
				name = "unnamed." + strings.TrimPrefix(rest, ".")
			}
			names[strings.ToLower(name)] = true
		}
	}
	for _, d := range m {
		switch d.Kind() {
		case "VirtualService":
			add(d.Spec()["hosts"])
			routes, _ := d.Spec()["tls"].(list)
			for _, r := range routes {
				matches, _ := r.(object)["match"].(list)
				for _, match := range matches {
					add(match.(object)["sniHosts"])
				}
			}
		case "Gateway":
			for _, s := range serversOf(d) {
				add(s["hosts"])
			}
		case "HTTPRoute", "GRPCRoute", "TLSRoute":
			add(d.Spec()["hostnames"])
		case "KubernetesGateway", "ListenerSet":
			for _, l := range listenersOf(d) {
				add(list{l["hostname"]})
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

func serversOf(d Document) []object {
	var all []object
	servers, _ := d.Spec()["servers"].(list)
	for _, s := range servers {
		if server, ok := s.(object); ok {
			all = append(all, server)
		}
	}
	return all
}

// listenersOf lists the listeners of a Gateway of the Gateway API, or of a ListenerSet.
func listenersOf(d Document) []object {
	if d.Kind() != "KubernetesGateway" && d.Kind() != "ListenerSet" {
		return nil
	}
	var all []object
	listeners, _ := d.Spec()["listeners"].(list)
	for _, l := range listeners {
		if listener, ok := l.(object); ok && numberOf(listener["port"]) != 0 {
			all = append(all, listener)
		}
	}
	return all
}

func serverPorts(m Mesh) []uint32 { return slices.Sorted(maps.Keys(protocols(m))) }

// described names what the servers of a port speak.
func described(m Mesh, port uint32) string { return strings.Join(protocols(m)[port], "+") }

func protocols(m Mesh) map[uint32][]string {
	found := map[uint32][]string{}
	for _, d := range m {
		for _, l := range listenersOf(d) {
			number := numberOf(l["port"])
			found[number] = append(found[number], fmt.Sprint("listener ", l["protocol"]))
			slices.Sort(found[number])
			found[number] = slices.Compact(found[number])
		}
		if d.Kind() != "Gateway" {
			continue
		}
		for _, s := range serversOf(d) {
			port, _ := s["port"].(object)
			tls, _ := s["tls"].(object)
			protocol := fmt.Sprint(port["protocol"])
			if mode := tls["mode"]; mode != nil {
				protocol += fmt.Sprint(" ", mode)
			}
			number := numberOf(port["number"])
			if found[number] = append(found[number], protocol); number == 0 {
				delete(found, number)
			}
			slices.Sort(found[number])
			found[number] = slices.Compact(found[number])
		}
	}
	return found
}

// numberOf reads a number that was made, or read from JSON.
func numberOf(v any) uint32 {
	switch n := v.(type) {
	case uint32:
		return n
	case float64:
		return uint32(n)
	}
	return 0
}

// gatewayListener finds the listener on a port.
func (t *Tables) gatewayListener(port uint32) *listener.Listener {
	i := slices.IndexFunc(t.listeners, func(l *listener.Listener) bool {
		return l.GetAddress().GetSocketAddress().GetPortValue() == port
	})
	if i < 0 {
		return nil
	}
	return t.listeners[i]
}

// accepted reports whether Envoy takes a listener: it does not take chains that match alike, nor names with a "*" that
// stands for less than a label.
func accepted(l *listener.Listener) bool {
	taken := map[string]bool{}
	for _, chain := range l.GetFilterChains() {
		names := chain.GetFilterChainMatch().GetServerNames()
		if len(names) == 0 {
			names = []string{"any"}
		}
		for _, name := range names {
			name = strings.ToLower(name) // as Envoy compares them
			if taken[name] || strings.HasPrefix(name, "*") && !strings.HasPrefix(name, "*.") {
				return false
			}
			taken[name] = true
		}
	}
	return true
}

// Gateway returns where what comes to a gateway's listener is sent: TLS of this name, "" for plaintext, and in it
// requests with this authority.
func (t *Tables) Gateway(l *listener.Listener, sni, authority string) (string, error) {
	var best *listener.FilterChain
	length := -1
	for _, chain := range l.GetFilterChains() {
		match := chain.GetFilterChainMatch()
		if fits := fitting(match.GetServerNames(), sni); len(match.GetApplicationProtocols()) == 0 && fits > length {
			best, length = chain, fits
		}
	}
	if best == nil {
		return "not taken", nil
	}
	targets, err := t.chainTargets(best, authority)
	return brieflyTargets(targets), err
}
