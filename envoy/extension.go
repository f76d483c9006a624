package envoy

import (
	"strings"

	udpav1 "github.com/cncf/xds/go/udpa/type/v1"
	xdsv3 "github.com/cncf/xds/go/xds/type/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// typeOf returns the name of the message in an extension's typed_config, empty where there is none. Extensions that
// Envoy itself has no type for travel in a TypedStruct that names it (api/xds_protocol.rst, "Extension configuration").
func typeOf(config *anypb.Any) string {
	url := config.GetTypeUrl()
	switch name := messageName(url); name {
	case "udpa.type.v1.TypedStruct":
		var typed udpav1.TypedStruct
		if config.UnmarshalTo(&typed) == nil && typed.GetTypeUrl() != "" {
			return messageName(typed.GetTypeUrl())
		}
		return name
	case "xds.type.v3.TypedStruct":
		var typed xdsv3.TypedStruct
		if config.UnmarshalTo(&typed) == nil && typed.GetTypeUrl() != "" {
			return messageName(typed.GetTypeUrl())
		}
		return name
	default:
		return name
	}
}

func messageName(url string) string { return url[strings.LastIndexByte(url, '/')+1:] }

// unpack reads an extension's configuration into message, and returns what is unknown if that is not what it holds.
func unpack(kind, name string, config *anypb.Any, message proto.Message) (Unknown, bool) {
	if err := config.UnmarshalTo(message); err != nil {
		return Unknown{Kind: kind, Name: name, Detail: "cannot be read: " + string(message.ProtoReflect().Descriptor().FullName())}, false
	}
	return Unknown{}, true
}

// described returns an extension's type for people: that of its configuration, or that it has none.
func described(config *anypb.Any) string {
	if t := typeOf(config); t != "" {
		return t
	}
	return "no typed_config"
}
