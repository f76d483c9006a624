package oracle

import (
	"errors"
	"net/netip"
	"slices"

	"istio.io/istio/pkg/test"

	"github.com/tlsward/tlsward/envoy"
	"github.com/tlsward/tlsward/mesh"
)

// CompareAmbientConnections walks what comes out of the tunnels of waypoints, to each port of each host at its VIPs, and asks the model
// where it goes. What the walk does not tell is left out by its reason.
func CompareAmbientConnections(m Mesh) (Result, error) {
	var r Result
	snapshot, err := Decode(m)
	if err != nil {
		return r, err
	}
	all := slices.DeleteFunc(arrivals(m), func(a arrival) bool { return a.whose != itsVIP })
	err = test.Wrap(func(t test.Failer) {
		istio := NewAmbient(t, m)
		for _, d := range m {
			if d.Kind() != "KubernetesGateway" {
				continue
			}
			client := mesh.Client{Kind: mesh.ClientWaypoint, Namespace: d.Namespace()}
			config, err := istio.Connections(client)
			switch {
			case errors.Is(err, errCrashed):
				r.Crashed++
				continue
			case err != nil:
				t.Fatal(err)
			}
			for _, a := range all {
				if !snapshot.WaypointServes(client, a.host) {
					continue
				}
				for _, p := range a.payloads {
					a.atWaypoint = true
					a.compare(&r, snapshot, client, config, p)
				}
			}
		}
	})
	return r, err
}

// ofService returns an outcome as it ends at the cluster of a service: what a waypoint sends to the mesh's own pods goes on through a
// tunnel.
func ofService(o envoy.Outcome) envoy.Outcome {
	for i, hop := range o.Path {
		if _, ok := keyOf(hop.Cluster); ok {
			o.Path = o.Path[:i+1]
			break
		}
	}
	return o
}

// outOfTunnel returns a connection as it comes out of a waypoint's tunnel.
func outOfTunnel(to netip.AddrPort, p envoy.Payload) envoy.Connection {
	return envoy.Connection{Internal: "main_internal", Destination: to, Payload: p}
}
