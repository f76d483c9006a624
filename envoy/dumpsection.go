package envoy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	adminv3 "github.com/envoyproxy/go-control-plane/envoy/admin/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

const bootstrapDump = "envoy.admin.v3.BootstrapConfigDump"

// sections has, for each kind of section that a walk needs, how an element of each of its lists is taken in
// (api/envoy/admin/v3/config_dump.proto). nil is the section's
// version, which is all that there is where istiod sends changes alone.
var sections = map[string]map[string]func(*dump, json.RawMessage) error{
	"envoy.admin.v3.ListenersConfigDump": {
		"version_info":      nil,
		"static_listeners":  element((*dump).staticListener),
		"dynamic_listeners": element((*dump).dynamicListener),
	},
	"envoy.admin.v3.RoutesConfigDump": {
		"static_route_configs":  element((*dump).staticRoutes),
		"dynamic_route_configs": element((*dump).dynamicRoutes),
	},
	"envoy.admin.v3.ClustersConfigDump": {
		"version_info":             nil,
		"static_clusters":          element((*dump).staticCluster),
		"dynamic_active_clusters":  element((*dump).activeCluster),
		"dynamic_warming_clusters": element((*dump).warmingCluster),
	},
	"envoy.admin.v3.EndpointsConfigDump": {
		"static_endpoint_configs":  element((*dump).staticEndpoints),
		"dynamic_endpoint_configs": element((*dump).dynamicEndpoints),
	},
}

// element returns what reads an element as a message and takes it in.
func element[M any, P interface {
	*M
	proto.Message
}](take func(*dump, P)) func(*dump, json.RawMessage) error {
	return func(d *dump, raw json.RawMessage) error {
		m := P(new(M))
		unknown, err := unmarshalSection(raw, m, d.types)
		if err != nil {
			return err
		}
		if unknown != "" {
			kind := m.ProtoReflect().Descriptor().FullName()
			d.unread = append(d.unread, Unknown{Kind: "field", Name: string(kind), Detail: unknown})
		}
		take(d, m)
		return nil
	}
}

// protoName returns a field's name as the .proto file has it: istioctl writes dynamicListeners, Envoy dynamic_listeners.
func protoName(name string) string {
	var b strings.Builder
	for _, r := range name {
		if 'A' <= r && r <= 'Z' {
			b.WriteByte('_')
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// field reads one field of a section.
func (d *dump) field(kind, name string) error {
	takers, known := sections[kind]
	if !known && kind != bootstrapDump {
		return d.skip()
	}
	name = protoName(name)
	if kind == bootstrapDump {
		if name != "bootstrap" {
			return d.skip()
		}
		var raw json.RawMessage
		if err := d.decoder.Decode(&raw); err != nil {
			return err
		}
		return d.bootstrap(raw)
	}
	take, declared := takers[name]
	switch {
	case !declared:
		d.unread = append(d.unread, Unknown{Kind: "field", Name: kind, Detail: "unknown field " + name})
		return d.skip()
	case take == nil:
		var version string
		err := d.decoder.Decode(&version)
		d.version(version)
		return err
	}
	return d.list(name, func() error {
		var raw json.RawMessage
		if err := d.decoder.Decode(&raw); err != nil {
			return err
		}
		return take(d, raw)
	})
}

// earlyField reads a field that stood before the section's type.
func (d *dump) earlyField(kind, name string, raw json.RawMessage) error {
	rest := d.decoder
	defer func() { d.decoder = rest }()
	d.decoder = json.NewDecoder(bytes.NewReader(raw))
	if kind == "" {
		return nil
	}
	return d.field(kind, name)
}

// Node is how a proxy introduces itself to its control plane (api/envoy/config/core/v3/base.proto).
type Node struct {
	ID       string
	Metadata map[string]any
	// Version is Envoy's own, as "1.40.0"; empty where it does not say.
	Version string
}

// bootstrap reads the node of a bootstrap, and nothing else of it.
func (d *dump) bootstrap(raw json.RawMessage) error {
	var text struct {
		Node *struct {
			ID       string         `json:"id"`
			Metadata map[string]any `json:"metadata"`
			Build    buildVersion   `json:"user_agent_build_version"`
			Camel    buildVersion   `json:"userAgentBuildVersion"`
		} `json:"node"`
	}
	if err := json.Unmarshal(raw, &text); err != nil {
		return fmt.Errorf("bootstrap: %w", err)
	}
	if text.Node != nil {
		d.node = &Node{ID: text.Node.ID, Metadata: text.Node.Metadata, Version: text.Node.Build.String() + text.Node.Camel.String()}
	}
	return nil
}

type buildVersion struct {
	Version *struct {
		Major      uint32 `json:"major_number"`
		CamelMajor uint32 `json:"majorNumber"`
		Minor      uint32 `json:"minor_number"`
		CamelMinor uint32 `json:"minorNumber"`
		Patch      uint32 `json:"patch"`
	} `json:"version"`
}

func (v buildVersion) String() string {
	if v.Version == nil {
		return ""
	}
	n := v.Version
	return fmt.Sprintf("%d.%d.%d", n.Major+n.CamelMajor, n.Minor+n.CamelMinor, n.Patch)
}

func (d *dump) staticListener(l *adminv3.ListenersConfigDump_StaticListener) {
	d.listeners = take(d, d.listeners, "listener", "", l.GetListener(), &listenerv3.Listener{})
}

func (d *dump) dynamicListener(l *adminv3.ListenersConfigDump_DynamicListener) {
	d.refusal("listener", l.GetName(), l.GetErrorState())
	if state := l.GetActiveState(); state != nil {
		d.version(state.GetVersionInfo())
		d.listeners = take(d, d.listeners, "listener", l.GetName(), state.GetListener(), &listenerv3.Listener{})
	}
	if l.GetWarmingState() != nil {
		d.warming = append(d.warming, Unknown{Kind: "listener", Name: l.GetName(), Detail: "is still warming"})
	}
}

func (d *dump) staticRoutes(r *adminv3.RoutesConfigDump_StaticRouteConfig) {
	d.routes = take(d, d.routes, "route configuration", "", r.GetRouteConfig(), &routev3.RouteConfiguration{})
}

func (d *dump) dynamicRoutes(r *adminv3.RoutesConfigDump_DynamicRouteConfig) {
	d.version(r.GetVersionInfo())
	before := len(d.routes)
	d.routes = take(d, d.routes, "route configuration", "", r.GetRouteConfig(), &routev3.RouteConfiguration{})
	name := ""
	if len(d.routes) > before {
		name = d.routes[before].GetName()
	}
	d.refusal("route configuration", name, r.GetErrorState())
}

func (d *dump) staticCluster(c *adminv3.ClustersConfigDump_StaticCluster) {
	d.clusters = take(d, d.clusters, "cluster", "", c.GetCluster(), &clusterv3.Cluster{})
}

func (d *dump) activeCluster(c *adminv3.ClustersConfigDump_DynamicCluster) {
	d.version(c.GetVersionInfo())
	before := len(d.clusters)
	d.clusters = take(d, d.clusters, "cluster", "", c.GetCluster(), &clusterv3.Cluster{})
	name := ""
	if len(d.clusters) > before {
		name = d.clusters[before].GetName()
	}
	d.refusal("cluster", name, c.GetErrorState())
}

func (d *dump) warmingCluster(c *adminv3.ClustersConfigDump_DynamicCluster) {
	var cluster clusterv3.Cluster
	u, ok := unpack("cluster", "", c.GetCluster(), &cluster)
	if !ok {
		d.unread = append(d.unread, u)
	}
	d.warming = append(d.warming, Unknown{Kind: "cluster", Name: cluster.GetName(), Detail: "is still warming"})
	d.refusal("cluster", cluster.GetName(), c.GetErrorState())
}

func (d *dump) staticEndpoints(e *adminv3.EndpointsConfigDump_StaticEndpointConfig) {
	d.endpoints = take(d, d.endpoints, "endpoints", "", e.GetEndpointConfig(), &endpointv3.ClusterLoadAssignment{})
}

func (d *dump) dynamicEndpoints(e *adminv3.EndpointsConfigDump_DynamicEndpointConfig) {
	d.version(e.GetVersionInfo())
	d.endpoints = take(d, d.endpoints, "endpoints", "", e.GetEndpointConfig(), &endpointv3.ClusterLoadAssignment{})
}

func (d *dump) version(v string) {
	if v != "" {
		d.versions[v] = true
	}
}

// refusal notes a resource whose last update the proxy refused.
func (d *dump) refusal(kind, name string, state *adminv3.UpdateFailureState) {
	if detail := state.GetDetails(); detail != "" {
		d.refused = append(d.refused, Unknown{Kind: kind, Name: name, Detail: "an update was refused: " + detail})
	}
}

// take appends a resource to the list of its kind, or notes that it cannot be read.
func take[M proto.Message](d *dump, list []M, kind, name string, packed *anypb.Any, message M) []M {
	if packed == nil {
		return list
	}
	u, ok := unpack(kind, name, packed, message)
	if !ok {
		d.unread = append(d.unread, u)
		return list
	}
	return append(list, message)
}
