package envoy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	udpav1 "github.com/cncf/xds/go/udpa/type/v1"
	xdsmatcherv3 "github.com/cncf/xds/go/xds/type/matcher/v3"
	xdsv3 "github.com/cncf/xds/go/xds/type/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpointv3 "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	aggregatev3 "github.com/envoyproxy/go-control-plane/envoy/extensions/clusters/aggregate/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	redisv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/redis_proxy/v3"
	snidfpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/sni_dynamic_forward_proxy/v3"
	tcpproxyv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3"
	internalv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/internal_upstream/v3"
	proxyprotocolv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/proxy_protocol/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	httpv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// readTypes are the messages whose content the walk reads. Of all others it needs the name alone, so that a dump may
// hold types that nobody has heard of.
func readTypes() map[protoreflect.FullName]protoreflect.MessageType {
	types := map[protoreflect.FullName]protoreflect.MessageType{}
	for _, m := range []proto.Message{
		&listenerv3.Listener{}, &routev3.RouteConfiguration{}, &clusterv3.Cluster{}, &endpointv3.ClusterLoadAssignment{},
		&tcpproxyv3.TcpProxy{}, &hcmv3.HttpConnectionManager{}, &redisv3.RedisProxy{}, &snidfpv3.FilterConfig{},
		&tlsv3.UpstreamTlsContext{}, &internalv3.InternalUpstreamTransport{}, &proxyprotocolv3.ProxyProtocolUpstreamTransport{},
		&httpv3.HttpProtocolOptions{}, &aggregatev3.ClusterConfig{}, &udpav1.TypedStruct{}, &xdsv3.TypedStruct{},
		&wrapperspb.StringValue{}, &xdsmatcherv3.IPMatcher{},
	} {
		types[m.ProtoReflect().Descriptor().FullName()] = m.ProtoReflect().Type()
	}
	return types
}

// unmarshalSection reads a part of a dump, with the types that are read, to which it adds those that are not known. unknown names a field that the message does not have, which is then left
// out: a newer proxy may have more of them.
func unmarshalSection(raw json.RawMessage, message proto.Message, known map[protoreflect.FullName]protoreflect.MessageType) (unknown string, err error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var tree any
	if err := decoder.Decode(&tree); err != nil {
		return "", err
	}
	if fields, ok := tree.(map[string]any); ok {
		delete(fields, "@type")
	}
	strip(tree, known)
	plain, err := json.Marshal(tree)
	if err != nil {
		return "", err
	}
	options := protojson.UnmarshalOptions{Resolver: &resolver{known}}
	strict := options.Unmarshal(plain, message)
	if strict == nil {
		return "", nil
	}
	proto.Reset(message)
	options.DiscardUnknown = true
	if err := options.Unmarshal(plain, message); err != nil {
		return "", err
	}
	return strict.Error(), nil
}

// strip removes the content of all messages that are not known.
func strip(tree any, known map[protoreflect.FullName]protoreflect.MessageType) {
	switch node := tree.(type) {
	case []any:
		for _, child := range node {
			strip(child, known)
		}
	case map[string]any:
		if url, ok := node["@type"].(string); ok && !wellKnown(messageName(url)) && !isRead(known, messageName(url)) {
			clear(node)
			node["@type"] = url
			return
		}
		for _, child := range node {
			strip(child, known)
		}
	}
}

// isRead reports whether the content of a message is read: it is known, and not as one without fields.
func isRead(known map[protoreflect.FullName]protoreflect.MessageType, name string) bool {
	t := known[protoreflect.FullName(name)]
	return t != nil && t.Descriptor().Fields().Len() > 0
}

// wellKnown reports whether a message is one of those that JSON writes in a form of its own.
func wellKnown(name string) bool { return strings.HasPrefix(name, "google.protobuf.") }

// resolver finds messages by name. One that is not known is a message without fields.
type resolver struct {
	known map[protoreflect.FullName]protoreflect.MessageType
}

func (r *resolver) FindMessageByName(name protoreflect.FullName) (protoreflect.MessageType, error) {
	if t, ok := r.known[name]; ok {
		return t, nil
	}
	if wellKnown(string(name)) {
		return protoregistry.GlobalTypes.FindMessageByName(name)
	}
	t, err := hollow(name)
	if err != nil {
		return nil, err
	}
	r.known[name] = t
	return t, nil
}

func (r *resolver) FindMessageByURL(url string) (protoreflect.MessageType, error) {
	return r.FindMessageByName(protoreflect.FullName(messageName(url)))
}

func (r *resolver) FindExtensionByName(protoreflect.FullName) (protoreflect.ExtensionType, error) {
	return nil, protoregistry.NotFound
}

func (r *resolver) FindExtensionByNumber(protoreflect.FullName, protoreflect.FieldNumber) (protoreflect.ExtensionType, error) {
	return nil, protoregistry.NotFound
}

// hollow returns a message type of this name that has no fields.
func hollow(name protoreflect.FullName) (protoreflect.MessageType, error) {
	if !name.IsValid() {
		return nil, fmt.Errorf("no type can have the name %s", name)
	}
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: proto.String("hollow.proto"), Package: proto.String(string(name.Parent())), Syntax: proto.String("proto3"),
		MessageType: []*descriptorpb.DescriptorProto{{Name: proto.String(string(name.Name()))}},
	}, nil)
	if err != nil {
		return nil, fmt.Errorf("type %q: %w", name, err)
	}
	return dynamicpb.NewMessageType(file.Messages().Get(0)), nil
}
