package main

import (
	"fmt"
	"log"
	"strings"

	udpa "github.com/cncf/xds/go/udpa/type/v1"
	xds "github.com/cncf/xds/go/xds/type/v3"
	cluster "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	setfilterstate "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/set_filter_state/v3"
	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	_ "istio.io/istio/pkg/config/xds" // registers the types of what istiod sends
)

// onlyIstios are the filters that only Istio's build of Envoy has (github.com/istio/proxy, source/extensions).
var onlyIstios = map[string]bool{
	"envoy.tcp.metadataexchange.config.MetadataExchange":            true,
	"io.istio.http.peer_metadata.Config":                            true,
	"istio.envoy.config.filter.http.alpn.v2alpha1.FilterConfig":     true,
	"envoy.extensions.network_filters.peer_metadata.Config":         true,
	"envoy.extensions.network_filters.peer_metadata.UpstreamConfig": true,
	"stats.PluginConfig": true,
}

// typeOf returns the name of a message, or that which a TypedStruct stands for.
func typeOf(a *anypb.Any) string {
	url := a.GetTypeUrl()
	switch name(url) {
	case "udpa.type.v1.TypedStruct":
		var t udpa.TypedStruct
		if a.UnmarshalTo(&t) == nil {
			url = t.GetTypeUrl()
		}
	case "xds.type.v3.TypedStruct":
		var t xds.TypedStruct
		if a.UnmarshalTo(&t) == nil {
			url = t.GetTypeUrl()
		}
	}
	return name(url)
}

func name(url string) string { return url[strings.LastIndexByte(url, '/')+1:] }

// foreign reports whether a filter is one that only Istio's build has, and logs that it is dropped. One of Istio's that is not
// listed is passed on: Envoy refuses it, and the refusal is logged.
func foreign(a *anypb.Any) bool {
	kind := typeOf(a)
	if onlyIstios[kind] {
		log.Printf("dropped %s", kind)
		return true
	}
	return false
}

// strip returns resources without what only Istio's build has.
func strip(resources []*discovery.Resource) ([]*discovery.Resource, error) {
	var kept []*discovery.Resource
	for _, r := range resources {
		if r.GetName() == "inner_connect_originate" { // of double HBONE, with a socket that only Istio's build has
			log.Printf("dropped listener %s", r.GetName())
			continue
		}
		stripped, err := stripped(r.GetResource())
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", r.GetName(), err)
		}
		r.Resource = stripped
		kept = append(kept, r)
	}
	return kept, nil
}

func stripped(a *anypb.Any) (*anypb.Any, error) {
	switch name(a.GetTypeUrl()) {
	case "envoy.config.listener.v3.Listener":
		return edit(a, &listener.Listener{}, stripListener)
	case "envoy.config.cluster.v3.Cluster":
		return edit(a, &cluster.Cluster{}, func(c *cluster.Cluster) error {
			var kept []*cluster.Filter
			for _, f := range c.GetFilters() {
				if !foreign(f.GetTypedConfig()) {
					kept = append(kept, f)
				}
			}
			c.Filters = kept
			return nil
		})
	}
	return a, nil
}

// edit returns a packed message as it is after a change.
func edit[M proto.Message](a *anypb.Any, m M, change func(M) error) (*anypb.Any, error) {
	if err := a.UnmarshalTo(m); err != nil {
		return nil, err
	}
	if err := change(m); err != nil {
		return nil, err
	}
	return anypb.New(m)
}

func stripListener(l *listener.Listener) error {
	for _, chain := range append(l.GetFilterChains(), l.GetDefaultFilterChain()) {
		if chain == nil {
			continue
		}
		var kept []*listener.Filter
		for _, f := range chain.GetFilters() {
			if foreign(f.GetTypedConfig()) {
				continue
			}
			if typeOf(f.GetTypedConfig()) == "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager" {
				manager, err := edit(f.GetTypedConfig(), &hcm.HttpConnectionManager{}, stripManager)
				if err != nil {
					return err
				}
				f.ConfigType = &listener.Filter_TypedConfig{TypedConfig: manager}
			}
			kept = append(kept, f)
		}
		chain.Filters = kept
	}
	return nil
}

func stripManager(m *hcm.HttpConnectionManager) error {
	var kept []*hcm.HttpFilter
	for _, f := range m.GetHttpFilters() {
		if foreign(f.GetTypedConfig()) {
			continue
		}
		if typeOf(f.GetTypedConfig()) == "envoy.extensions.filters.http.set_filter_state.v3.Config" {
			config, err := edit(f.GetTypedConfig(), &setfilterstate.Config{}, func(c *setfilterstate.Config) error {
				for _, v := range c.GetOnRequestHeaders() {
					if v.GetFactoryKey() == "istio.hashable_string" { // Envoy's own string object in its place
						v.FactoryKey = "envoy.hashable_string"
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
			f.ConfigType = &hcm.HttpFilter_TypedConfig{TypedConfig: config}
		}
		kept = append(kept, f)
	}
	m.HttpFilters = kept
	return nil
}
