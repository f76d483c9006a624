package oracle

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"istio.io/istio/pkg/test"
)

// AmbientLanding makes a configuration of Istio's documentation on egress through a waypoint: the Gateway, and for one or two
// external hosts an entry that uses it and its rule. The Namespaces are there before.
func (g *Generator) AmbientLanding() Landing {
	byNamespace := g.chance(0.5)
	home := ambientNamespace("default", nil)
	if byNamespace {
		g.Coverage["namespace uses the waypoint"]++
		setMetadata(home, "labels", "istio.io/use-waypoint", waypointName)
	}
	l := Landing{Given: Mesh{home, ambientNamespace("shop", nil)}}
	l.Objects, l.Better = Mesh{landingWaypoint(g)}, Mesh{landingWaypoint(g)}
	hosts := slices.Clone(landingHosts)
	g.rand.Shuffle(len(hosts), func(i, j int) { hosts[i], hosts[j] = hosts[j], hosts[i] })
	for _, h := range hosts[:1+g.rand.IntN(2)] {
		target := landingHost{Generator: g, host: h.host, vip: h.vip, namespace: "default", rules: "default"}
		labels := object{}
		if !byNamespace {
			labels["istio.io/use-waypoint"] = waypointName
		}
		if !byNamespace && g.chance(0.5) {
			g.Coverage["entry of another namespace"]++
			target.namespace, labels["istio.io/use-waypoint-namespace"] = "shop", "default"
		}
		pattern := pick(g, (*landingHost).waypointHTTP, (*landingHost).waypointHTTP, (*landingHost).waypointTCP)
		for _, m := range []*Mesh{&l.Objects, &l.Better} {
			for _, d := range pattern(&target) {
				if d.Kind() == "ServiceEntry" && len(labels) > 0 {
					d.metadata()["labels"] = cloneValue(labels)
				}
				*m = append(*m, d)
			}
		}
	}
	return l
}

// landingWaypoint returns the waypoint, for all namespaces.
func landingWaypoint(g *Generator) Document {
	labels := object{}
	if g.chance(0.6) {
		labels["istio.io/waypoint-for"] = pick(g, "service", "all")
	}
	from := object{"from": "All"}
	if g.chance(0.3) {
		from = object{"from": "Selector", "selector": object{"matchLabels": object{"istio.io/dataplane-mode": "ambient"}}}
	}
	return Document{
		"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway",
		"metadata": object{"name": waypointName, "namespace": "default", "labels": labels},
		"spec":     object{"gatewayClassName": "istio-waypoint", "listeners": list{tunnel(object{"namespaces": from})}},
	}
}

// atAddress gives an entry the address by which a waypoint knows it; Istio would allocate one.
func (h *landingHost) atAddress(entry Document) Document {
	entry.Spec()["addresses"] = list{h.vip}
	return entry
}

func (h *landingHost) waypointHTTP() Mesh {
	port := portNamed(80, "http", pick(h.Generator, "HTTP", "HTTP", "HTTP2"))
	port["targetPort"] = uint32(443)
	return Mesh{h.atAddress(h.entry(port)), h.rule(h.originated(), pick[uint32](h.Generator, 0, 80))}
}

func (h *landingHost) waypointTCP() Mesh {
	return Mesh{h.atAddress(h.entry(portNamed(3306, "tcp", "TCP"))), h.rule(h.named(), pick[uint32](h.Generator, 0, 3306))}
}

// LandAmbient is Land for AmbientLanding. PILOT_ENABLE_AMBIENT=true must have been in the environment when the process started.
func (l *Lander) LandAmbient(ctx context.Context, seed uint64, set Landing) (LandingResult, error) {
	l.begin(seed, set)
	var err error
	if l.r.Thrown, err = ambientWrong(slices.Concat(set.Given, set.Objects)); err != nil || l.r.Thrown != "" {
		return l.r, err
	}
	for _, stage := range []struct {
		name string
		to   Mesh
	}{{"create", set.Objects}, {"update", set.Better}} {
		whole, err := l.writeAll(ctx, stage.name, writesTo(l.sent, slices.Concat(set.Given, stage.to)))
		if err != nil || !whole {
			return l.r, err
		}
		wrong, err := ambientWrong(l.state)
		if err != nil {
			return l.r, err
		}
		if wrong != "" {
			l.wrong("not under checked TLS after the "+stage.name, "%s", wrong)
		}
	}
	l.r.Improved = "yes"
	_, err = l.writeAll(ctx, "delete", writesTo(l.state, set.Given))
	return l.r, err
}

// ambientWrong lists the connections of ambient clients that are not under checked TLS.
func ambientWrong(m Mesh) (string, error) {
	var lines []string
	err := test.Wrap(func(t test.Failer) {
		walks, err := walkAllAmbient(m, NewAmbient(t, m), byName(resolved(m)))
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range *walks {
			if !w.unknown && !w.isUnderTLS() {
				lines = append(lines, fmt.Sprintf("%s to %s:%d: %v", w.client, w.to.host, w.to.port, w.outcomes))
			}
		}
	})
	return strings.Join(lines, "\n"), err
}
