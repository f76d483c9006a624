package envoy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	adminv3 "github.com/envoyproxy/go-control-plane/envoy/admin/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// FromConfigDump reads what a proxy's admin interface answers at /config_dump?include_eds, which is also what
// `istioctl proxy-config all -o json` prints. Without include_eds the endpoints of EDS clusters are missing, and each
// Outcome that needs them says so. What is active counts, not what is still warming or draining; what of it could not
// be read is in Config.Unread. An error is about the dump as a whole.
func FromConfigDump(data []byte) (*Config, error) {
	sections, err := readSections(data)
	if err != nil {
		return nil, fmt.Errorf("read config dump: %w", err)
	}
	var d dump
	found := false
	for _, s := range sections {
		known, err := d.section(s)
		if err != nil {
			return nil, fmt.Errorf("read config dump: %w", err)
		}
		found = found || known
	}
	if !found {
		return nil, errors.New("read config dump: it has neither listeners nor clusters, routes or endpoints")
	}
	c := NewConfig(d.listeners, d.routes, d.clusters, d.endpoints)
	c.Unread = d.unread
	return c, nil
}

// readSections returns the parts of a dump, one for each kind of resource.
func readSections(data []byte) ([]json.RawMessage, error) {
	data = bytes.TrimLeft(data, " \t\r\n\ufeff")
	if len(data) > 0 && data[0] == '[' {
		return nil, errors.New("it is a list of one kind of resource: the whole dump is needed, as `istioctl proxy-config all -o json` prints it")
	}
	var top struct {
		Configs []json.RawMessage `json:"configs"`
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	if err := decoder.Decode(&top); err != nil {
		return nil, whereWrong(err, len(data))
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("something follows it at byte %d", decoder.InputOffset())
	}
	if top.Configs == nil {
		return nil, errors.New("it has no configs")
	}
	return top.Configs, nil
}

// whereWrong says where JSON is wrong, and that it is cut off where it ends too early.
func whereWrong(err error, length int) error {
	var syntax *json.SyntaxError
	switch {
	case length == 0:
		return errors.New("it is empty")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("it is cut off after %d bytes", length)
	case errors.As(err, &syntax):
		return fmt.Errorf("byte %d: %w", syntax.Offset, err)
	}
	return err
}

// dump is the resources of a config dump.
type dump struct {
	listeners []*listenerv3.Listener
	routes    []*routev3.RouteConfiguration
	clusters  []*clusterv3.Cluster
	endpoints []*endpointv3.ClusterLoadAssignment
	unread    []Unknown
}

// section reads one part of a dump; known is false for one that the walk has no use for.
func (d *dump) section(raw json.RawMessage) (known bool, err error) {
	var head struct {
		Type string `json:"@type"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return false, fmt.Errorf("a part without a type: %w", err)
	}
	var message proto.Message
	var take func()
	switch kind := messageName(head.Type); kind {
	case "envoy.admin.v3.ListenersConfigDump":
		m := &adminv3.ListenersConfigDump{}
		message, take = m, func() { d.takeListeners(m) }
	case "envoy.admin.v3.RoutesConfigDump":
		m := &adminv3.RoutesConfigDump{}
		message, take = m, func() { d.takeRoutes(m) }
	case "envoy.admin.v3.ClustersConfigDump":
		m := &adminv3.ClustersConfigDump{}
		message, take = m, func() { d.takeClusters(m) }
	case "envoy.admin.v3.EndpointsConfigDump":
		m := &adminv3.EndpointsConfigDump{}
		message, take = m, func() { d.takeEndpoints(m) }
	default:
		return false, nil
	}
	unknown, err := unmarshalSection(raw, message)
	if err != nil {
		return false, fmt.Errorf("%s: %w", messageName(head.Type), err)
	}
	if unknown != "" {
		d.unread = append(d.unread, Unknown{Kind: "field", Name: messageName(head.Type), Detail: unknown})
	}
	take()
	return true, nil
}

func (d *dump) takeListeners(m *adminv3.ListenersConfigDump) {
	for _, l := range m.GetStaticListeners() {
		d.listeners = take(d, d.listeners, "listener", "", l.GetListener(), &listenerv3.Listener{})
	}
	for _, l := range m.GetDynamicListeners() {
		if detail := l.GetErrorState().GetDetails(); detail != "" {
			d.unread = append(d.unread, Unknown{Kind: "listener", Name: l.GetName(), Detail: "an update was refused: " + detail})
		}
		if state := l.GetActiveState(); state != nil {
			d.listeners = take(d, d.listeners, "listener", l.GetName(), state.GetListener(), &listenerv3.Listener{})
		} else if l.GetWarmingState() != nil {
			d.unread = append(d.unread, Unknown{Kind: "listener", Name: l.GetName(), Detail: "is still warming"})
		}
	}
}

func (d *dump) takeRoutes(m *adminv3.RoutesConfigDump) {
	for _, r := range m.GetStaticRouteConfigs() {
		d.routes = take(d, d.routes, "route configuration", "", r.GetRouteConfig(), &routev3.RouteConfiguration{})
	}
	for _, r := range m.GetDynamicRouteConfigs() {
		d.routes = take(d, d.routes, "route configuration", "", r.GetRouteConfig(), &routev3.RouteConfiguration{})
	}
}

func (d *dump) takeClusters(m *adminv3.ClustersConfigDump) {
	for _, c := range m.GetStaticClusters() {
		d.clusters = take(d, d.clusters, "cluster", "", c.GetCluster(), &clusterv3.Cluster{})
	}
	for _, c := range m.GetDynamicActiveClusters() {
		d.clusters = take(d, d.clusters, "cluster", "", c.GetCluster(), &clusterv3.Cluster{})
	}
	for _, c := range m.GetDynamicWarmingClusters() {
		d.unread = append(d.unread, Unknown{Kind: "cluster", Name: c.GetErrorState().GetDetails(), Detail: "is still warming"})
	}
}

func (d *dump) takeEndpoints(m *adminv3.EndpointsConfigDump) {
	for _, e := range m.GetStaticEndpointConfigs() {
		d.endpoints = take(d, d.endpoints, "endpoints", "", e.GetEndpointConfig(), &endpointv3.ClusterLoadAssignment{})
	}
	for _, e := range m.GetDynamicEndpointConfigs() {
		d.endpoints = take(d, d.endpoints, "endpoints", "", e.GetEndpointConfig(), &endpointv3.ClusterLoadAssignment{})
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
