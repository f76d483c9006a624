package compare

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/tlsward/tlsward/envoy"
	"github.com/tlsward/tlsward/mesh"
)

// sharedPort are two hosts for bytes on one port, neither with an address: the listener is the older one's.
const sharedPort = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: old, namespace: default, creationTimestamp: "2026-01-01T00:00:00Z"}
spec: {hosts: [old.example], ports: [{number: 3306, name: tcp, protocol: TCP}], resolution: DNS}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: new, namespace: default, creationTimestamp: "2026-01-02T00:00:00Z"}
spec: {hosts: [new.example], ports: [{number: 3306, name: tcp, protocol: TCP}], resolution: DNS}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: new, namespace: default}
spec: {host: new.example, trafficPolicy: {tls: {mode: SIMPLE, sni: new.example, subjectAltNames: [new.example]}}}
`

// oldFilter patches the cluster of old.example.
const oldFilter = `
---
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: patched, namespace: default}
spec:
  configPatches:
  - {applyTo: CLUSTER, match: {context: SIDECAR_OUTBOUND, cluster: {service: old.example, portNumber: 3306}}, patch: {operation: MERGE, value: {}}}
`

// httpProxy has a Sidecar listen for HTTP_PROXY on the port.
const httpProxy = `
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default, namespace: default}
spec: {egress: [{port: {number: 3306, name: p, protocol: HTTP_PROXY}, hosts: ["*/*"]}]}
`

// TestProxiesOnSharedPorts compares connections to a port that two hosts have: whose listener takes them both sides must tell, and what is
// the reason where they do not.
func TestProxiesOnSharedPorts(t *testing.T) {
	for _, tc := range []struct {
		name, mesh string
		// listener is the host at whose cluster the proxy's listener of the port ends.
		listener string
		want     []string
	}{
		{"the older host's takes both", sharedPort, "old.example", nil},
		{
			"the proxy has the younger's", sharedPort, "new.example",
			[]string{
				"new.example:3306 (TCP): [to old.example:3306 at port 3306, no TLS] [to new.example:3306 at port 3306, no TLS] model",
				"old.example:3306 (TCP): [to old.example:3306 at port 3306, no TLS] [to new.example:3306 at port 3306, no TLS] model",
			},
		},
		{
			"an EnvoyFilter for the other host", sharedPort + oldFilter, "new.example",
			[]string{
				"new.example:3306 (TCP): [to old.example:3306 at port 3306, no TLS] [to new.example:3306 at port 3306, no TLS] envoy-filter",
				"old.example:3306 (TCP): [to old.example:3306 at port 3306, no TLS] [to new.example:3306 at port 3306, no TLS] envoy-filter",
			},
		},
		{
			"an HTTP proxy, of which the model cannot tell", sharedPort + httpProxy, "old.example",
			[]string{
				"new.example:3306 (TCP): untold: " + mesh.UnsureHTTPProxy,
				"old.example:3306 (TCP): untold: " + mesh.UnsureHTTPProxy,
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			results, err := Proxies(decode(t, tc.mesh), []*envoy.Dump{dump(t, tc.listener+" 0.0.0.0")}, Facts{})
			if err != nil {
				t.Fatal(err)
			}
			if have := told(results[0]); fmt.Sprint(have) != fmt.Sprint(tc.want) {
				t.Errorf("have\n%s\nwant\n%s", strings.Join(have, "\n"), strings.Join(tc.want, "\n"))
			}
			if r := results[0]; r.Compared+len(r.Untold) != 2 {
				t.Errorf("%d were compared, %d not told, want 2", r.Compared, len(r.Untold))
			}
		})
	}
}

// TestProxiesThatResolveNames has a proxy listen at the addresses that istiod gave two hosts for bytes, which the mesh does not tell.
func TestProxiesThatResolveNames(t *testing.T) {
	d := dump(t, "old.example 240.240.0.1", "new.example 240.240.0.2")
	d.Node.Metadata["DNS_CAPTURE"] = "true"
	without := strings.Split(sharedPort, "---\napiVersion: networking.istio.io/v1\nkind: DestinationRule")[0]
	results, err := Proxies(decode(t, without), []*envoy.Dump{d}, Facts{})
	if err != nil {
		t.Fatal(err)
	}
	if r := results[0]; r.Compared != 2 || len(r.Differences) > 0 {
		t.Errorf("%d were compared, and differ: %q", r.Compared, told(r))
	}
}

// TestMatchesSomeEndpoints has endpoints of which some take mutual TLS of the mesh.
func TestMatchesSomeEndpoints(t *testing.T) {
	model := someOf(endAt(clusterKey{host: "a.example", port: 80}), "80, 8443")
	model.some = true
	for ports, want := range map[string]bool{"80": true, "8443": true, "80, 8443": true, "80, 9443": false, "": false} {
		if have := model.matches(someOf(endAt(clusterKey{host: "a.example", port: 80}), ports)); have != want {
			t.Errorf("ports %q are some of %q: %v", ports, model.ports, have)
		}
	}
}

// someOf returns an end at endpoints with these ports.
func someOf(e end, ports string) end {
	e.ports = ports
	return e
}

// TestMatchesWhereNothingLeaves has a cluster without endpoints, of which no TLS can be told.
func TestMatchesWhereNothingLeaves(t *testing.T) {
	model := endAt(clusterKey{host: "a.example", port: 443})
	model.tls, model.names = "TLS SIMPLE", noNameChecked
	other := endAt(clusterKey{host: "b.example", port: 443})
	plaintext, idle, idleOther := model, model, other
	plaintext.tls, plaintext.names = "", ""
	idle.tls, idle.names, idle.idle = "", "", true
	idleOther.idle = true
	for _, tc := range []struct {
		walked end
		want   bool
	}{{model, true}, {plaintext, false}, {idle, true}, {idleOther, false}} {
		if have := model.matches(tc.walked); have != tc.want {
			t.Errorf("%q and %q are alike: %v, want %v", model, tc.walked, have, tc.want)
		}
	}
}

// told returns what does not agree, a line each.
func told(r Result) []string {
	var lines []string
	for _, d := range r.Differences {
		lines = append(lines, fmt.Sprintf("%s: %s %s %s", d.Connection, d.Model, d.Proxy, d.Causes[0].Kind))
	}
	for _, u := range r.Untold {
		lines = append(lines, fmt.Sprintf("%s: untold: %s", u.Connection, u.Why))
	}
	return lines
}

func decode(t *testing.T, text string) *mesh.Snapshot {
	t.Helper()
	var objects []*mesh.Object
	for doc := range strings.SplitSeq(text, "\n---\n") {
		raw, err := yaml.YAMLToJSON([]byte(doc))
		if err != nil {
			t.Fatal(err)
		}
		o, err := mesh.Decode(raw)
		if err != nil {
			t.Fatal(err)
		}
		objects = append(objects, o)
	}
	return mesh.New(mesh.DefaultSettings(), objects...)
}

// dump returns what a sidecar has: listeners for port 3306 at addresses, each of which ends at a host's cluster, as "HOST ADDRESS"; no
// cluster has TLS.
func dump(t *testing.T, listeners ...string) *envoy.Dump {
	t.Helper()
	const cluster = `{"cluster": {"@type": type.googleapis.com/envoy.config.cluster.v3.Cluster, name: outbound|3306||HOST, type: STRICT_DNS,
      load_assignment: {cluster_name: outbound|3306||HOST, endpoints: [{lb_endpoints: [{endpoint: {address: {socket_address: {address: HOST, port_value: 3306}}}}]}]}}}`
	const listenerOf = `
  - name: ADDRESS_3306
    active_state:
      listener:
        "@type": type.googleapis.com/envoy.config.listener.v3.Listener
        name: ADDRESS_3306
        bind_to_port: false
        address: {socket_address: {address: ADDRESS, port_value: 3306}}
        filter_chains:
        - filters:
          - name: tcp
            typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy, stat_prefix: tcp, cluster: outbound|3306||HOST}`
	const text = `
configs:
- "@type": type.googleapis.com/envoy.admin.v3.BootstrapConfigDump
  bootstrap: {node: {id: sidecar~192.0.2.10~app.default~default.svc.cluster.local, metadata: {INTERCEPTION_MODE: REDIRECT}}}
- "@type": type.googleapis.com/envoy.admin.v3.ClustersConfigDump
  dynamic_active_clusters: [CLUSTERS]
- "@type": type.googleapis.com/envoy.admin.v3.ListenersConfigDump
  dynamic_listeners:
  - name: virtualOutbound
    active_state:
      listener:
        "@type": type.googleapis.com/envoy.config.listener.v3.Listener
        name: virtualOutbound
        address: {socket_address: {address: 0.0.0.0, port_value: 15001}}
        use_original_dst: true
LISTENERS
`
	var clusters []string
	for _, host := range []string{"old.example", "new.example"} {
		clusters = append(clusters, strings.ReplaceAll(cluster, "HOST", host))
	}
	all := ""
	for _, l := range listeners {
		host, address, _ := strings.Cut(l, " ")
		all += strings.NewReplacer("HOST", host, "ADDRESS", address).Replace(listenerOf)
	}
	raw, err := yaml.YAMLToJSON([]byte(strings.NewReplacer("CLUSTERS", strings.Join(clusters, ", "), "LISTENERS", all).Replace(text)))
	if err != nil {
		t.Fatal(err)
	}
	d, err := envoy.ReadDump(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return d
}
