package envoy

import (
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"

	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/proto"
	"sigs.k8s.io/yaml"
)

// load reads a configuration from testdata: lists of listeners, routes, clusters and endpoints as Envoy writes them.
func load(t *testing.T, name string) *Config {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, string(data))
}

func parse(t *testing.T, text string) *Config {
	t.Helper()
	data, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Listeners, Routes, Clusters, Endpoints []json.RawMessage }
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	return NewConfig(messages[listenerv3.Listener](t, file.Listeners), messages[routev3.RouteConfiguration](t, file.Routes),
		messages[clusterv3.Cluster](t, file.Clusters), messages[endpointv3.ClusterLoadAssignment](t, file.Endpoints))
}

func messages[M any, P interface {
	*M
	proto.Message
}](t *testing.T, list []json.RawMessage) []*M {
	t.Helper()
	var read []*M
	for _, raw := range list {
		m := new(M)
		if unknown, err := unmarshalSection(raw, P(m), readTypes()); err != nil || unknown != "" {
			t.Fatalf("%v %s in %s", err, unknown, raw)
		}
		read = append(read, m)
	}
	return read
}

// outbound is a connection that iptables redirect to a sidecar.
func outbound(to string, p Payload) Connection {
	return Connection{Redirected: OutboundCapture, Destination: netip.MustParseAddrPort(to), Payload: p}
}

// dialled is a connection that its client dials itself.
func dialled(to string, p Payload) Connection {
	return Connection{Destination: netip.MustParseAddrPort(to), Payload: p}
}

func get(host, path string) Payload {
	return Payload{HTTP: &Request{Host: host, Method: "GET", Path: path}}
}

func hello(name string, protocols ...string) Payload {
	return Payload{TLS: &ClientHello{ServerName: name, ALPN: protocols}}
}

// walkCase is a connection and its outcomes in words.
type walkCase struct {
	name string
	Connection
	want []string
}

func walkAll(t *testing.T, c *Config, cases []walkCase) {
	t.Helper()
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			var got []string
			for _, o := range c.Walk(tc.Connection) {
				got = append(got, o.String())
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("got")
				for _, o := range got {
					t.Errorf("  %s", o)
				}
				t.Errorf("want")
				for _, o := range tc.want {
					t.Errorf("  %s", o)
				}
			}
		})
	}
}
