package mesh

import (
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
	meshconfig "istio.io/api/mesh/v1alpha1"
)

// OutsideModelOfMeshConfig returns the fields of a MeshConfig (JSON) that may move what the model says and that it does not
// follow, each with what hangs on it; none where it cannot be read.
//
//	defaultConfig: {proxyMetadata: {ISTIO_META_DNS_CAPTURE: "true"}}
//	# defaultConfig.proxyMetadata[ISTIO_META_DNS_CAPTURE]: which connections proxies take, and how names are resolved
func OutsideModelOfMeshConfig(raw []byte) []string {
	c, err := parseMeshConfig(raw)
	if err != nil {
		return nil
	}
	var found meshConfigFindings
	found.addMesh(c)
	found.addCalls(c)
	found.addProxy(c.GetDefaultConfig())
	for _, field := range UnknownMeshConfigFields(raw) {
		found.add(true, field, "newer than this program")
	}
	return found
}

// meshConfigFindings are fields of a MeshConfig, with what hangs on each.
type meshConfigFindings []string

func (f *meshConfigFindings) add(set bool, field, means string) {
	if set {
		*f = append(*f, field+": "+means)
	}
}

func (f *meshConfigFindings) addMesh(c *meshconfig.MeshConfig) {
	f.add(c.GetOutboundTrafficPolicy().GetMode() == meshconfig.MeshConfig_OutboundTrafficPolicy_ALLOW_ANY_DYNAMIC_DNS,
		"outboundTrafficPolicy.mode", "where what no object declares goes, and under which TLS")
	f.add(c.GetProxyHttpPort() != 0, "proxyHttpPort", "what applications send to their proxy as to an HTTP proxy")
	f.add(len(c.GetConfigSources()) > 0, "configSources", "objects that are not in the cluster")
	f.add(len(c.GetCaCertificates()) > 0, "caCertificates", "which authorities mutual TLS of the mesh takes")
	f.add(len(c.GetServiceSettings()) > 0, "serviceSettings", "which endpoints of other clusters a service has")
	f.add(len(c.GetServiceScopeConfigs()) > 0, "serviceScopeConfigs", "which endpoints of other clusters a service has")
	f.add(c.GetServiceEntryVisibility() != nil, "serviceEntryVisibility", "who sees which ServiceEntries")
}

func (f *meshConfigFindings) addProxy(c *meshconfig.ProxyConfig) {
	const (
		configured = "how the proxies are configured"
		capture    = "which connections proxies take, and how names are resolved"
	)
	for _, name := range slices.Sorted(maps.Keys(c.GetProxyMetadata())) {
		f.add(slices.Contains(capturing(), name), "defaultConfig.proxyMetadata["+name+"]", capture)
	}
	f.add(c.GetInterceptionMode() == meshconfig.ProxyConfig_NONE, "defaultConfig.interceptionMode", capture)
	f.add(isUnpublished(c.GetImage().GetImageType()), "defaultConfig.image.imageType", "the proxy is not one that Istio publishes")
	f.add(c.GetCustomConfigFile() != "", "defaultConfig.customConfigFile", configured)
	f.add(c.GetProxyBootstrapTemplatePath() != "", "defaultConfig.proxyBootstrapTemplatePath", configured)
	f.add(len(c.GetRuntimeValues()) > 0, "defaultConfig.runtimeValues", configured)
	f.add(isOutsideCall(c.GetDiscoveryAddress()), "defaultConfig.discoveryAddress", configured)
	f.add(len(c.GetCaCertificatesPem()) > 0, "defaultConfig.caCertificatesPem", "which authorities proxies take")
}

// addCalls adds what proxies and the control plane themselves send to servers outside: traces, logs, requests for authorization.
func (f *meshConfigFindings) addCalls(c *meshconfig.MeshConfig) {
	for _, field := range slices.Sorted(slices.Values(outsideCalls("", c.ProtoReflect()))) {
		f.add(field != "defaultConfig.discoveryAddress", field, "proxies themselves call a server outside the mesh")
	}
}

// outsideCalls returns the fields of a message, and of those in it, with the address of a server outside: "service", "address"
// or "zipkinAddress".
func outsideCalls(path string, message protoreflect.Message) []string {
	var found []string
	message.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		at := strings.TrimPrefix(path+"."+field.JSONName(), ".")
		switch {
		case field.IsList() && field.Message() != nil:
			for i := range value.List().Len() {
				found = append(found, outsideCalls(fmt.Sprintf("%s[%d]", at, i), value.List().Get(i).Message())...)
			}
		case field.IsList() || field.IsMap():
		case field.Message() != nil:
			found = append(found, outsideCalls(at, value.Message())...)
		case namesServer(string(field.Name())) && isOutsideCall(value.String()):
			found = append(found, at)
		}
		return true
	})
	return found
}

func namesServer(field string) bool {
	return field == "service" || field == "address" || strings.HasSuffix(field, "_address")
}

// isOutsideCall reports whether an address, "HOST", "HOST:PORT" or "NAMESPACE/HOST", is not plainly that of a Service: a short
// name, one of Istio's own namespace, a name below .svc, or this machine.
func isOutsideCall(address string) bool {
	host := address[strings.LastIndex(address, "/")+1:]
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.Contains(host, ".") && !strings.Contains(host+".", ".svc.") && !strings.HasSuffix(host, ".istio-system") &&
		!net.ParseIP(host).IsLoopback()
}

// isUnpublished reports whether a type of proxy image is none that Istio publishes.
func isUnpublished(imageType string) bool {
	return imageType != "" && !slices.Contains([]string{"default", "debug", "distroless"}, imageType)
}

// capturing returns the variables by which a proxy's metadata change what it captures, how it resolves names and with which
// certificates it speaks (pkg/model/proxy.go NodeMetadata).
func capturing() []string {
	return []string{
		"ISTIO_META_INTERCEPTION_MODE", dnsCapture, "ISTIO_META_DNS_AUTO_ALLOCATE", "ISTIO_META_ENABLE_HBONE",
		"ISTIO_META_DISABLE_HBONE_SEND", "ISTIO_META_TLS_CLIENT_CERT_CHAIN", "ISTIO_META_TLS_CLIENT_KEY", "ISTIO_META_TLS_CLIENT_ROOT_CERT",
		"ISTIO_META_NETWORK", "ISTIO_META_REQUESTED_NETWORK_VIEW",
	}
}
