package oracle

import (
	"fmt"
	"strings"

	"github.com/tlsward/tlsward/envoy"
	"github.com/tlsward/tlsward/internal/compare"
	"github.com/tlsward/tlsward/mesh"
)

// CompareVerify has package compare, as `tlsward verify` does, hold the model against the sidecars that Istio configures: where
// connections to what the mesh declares end, under which TLS, at which port and with which Host header. What the two cannot tell is left
// out by its reason.
func (f *Farm) CompareVerify(m Mesh) (Result, error) {
	aliases := aliasHosts(m)
	return f.each(m, sidecars(), func(r *Result, snapshot *mesh.Snapshot, istio *Istio, client mesh.Client) error {
		config, err := istio.Connections(client)
		if err != nil {
			return err
		}
		results, err := compare.Proxies(snapshot, []*envoy.Dump{dumpOf(client, config)}, compare.Facts{})
		if err != nil {
			return err
		}
		verified := results[0]
		r.Compared += verified.Compared - len(verified.Differences)
		for _, u := range verified.Untold {
			r.leaveOut(u.Why)
		}
		for _, d := range verified.Differences {
			switch {
			case aliases[d.Connection.Host]:
				r.leaveOut("a host that is also another's alias")
				continue
			case d.Unknown:
				why, _, _ := strings.Cut(d.Proxy[0], " on the way to ")
				r.leaveOut("not walked: " + why)
				continue
			}
			r.Compared++
			r.Found = append(r.Found, Disagreement{
				Client: client, Key: Key{Host: d.Connection.Host, Port: d.Connection.Port}, SNI: d.Connection.At.String(),
				Routes:   &[2]string{strings.Join(d.Proxy, "\n         "), strings.Join(d.Model, "\n         ")},
				Protocol: fmt.Sprintf("%s to a port for %q", d.Connection.Sends(), d.Connection.Protocol),
			})
		}
		return nil
	})
}

// dumpOf returns what a sidecar would tell of itself.
func dumpOf(client mesh.Client, config *envoy.Config) *envoy.Dump {
	labels := map[string]any{}
	for k, v := range client.Labels {
		labels[k] = v
	}
	id := fmt.Sprintf("sidecar~10.1.1.1~app.%[1]s~%[1]s.svc.cluster.local", client.Namespace)
	return &envoy.Dump{Config: config, Node: &envoy.Node{ID: id, Metadata: map[string]any{"LABELS": labels, "INTERCEPTION_MODE": "REDIRECT"}}}
}
