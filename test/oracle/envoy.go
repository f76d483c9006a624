package oracle

import (
	"fmt"

	cluster "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpoint "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	http "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
)

const (
	httpOptions = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
	tlsSocket   = "envoy.transport_sockets.tls"
	// meshCertificate is the secret that carries the workload's own mesh identity.
	meshCertificate = "default"
)

// readCluster says what Envoy does with bytes that reach c. Endpoint ports are not in the cluster where Envoy asks
// for endpoints apart; load is that answer, or nil.
func readCluster(c *cluster.Cluster, load *endpoint.ClusterLoadAssignment, port uint32) (Answer, error) {
	var a Answer
	socket, auto := socketOf(c)
	a.Auto = auto
	if socket != nil && !auto && socket.GetName() == tlsSocket {
		if err := readSocket(&a, socket); err != nil {
			return a, fmt.Errorf("read the transport socket of %s: %w", c.GetName(), err)
		}
		if err := readHTTPOptions(&a, c); err != nil {
			return a, fmt.Errorf("read the HTTP options of %s: %w", c.GetName(), err)
		}
	}
	if load == nil {
		load = c.GetLoadAssignment()
	}
	a.Ports = endpointPorts(c, load, port)
	return a.normal(), nil
}

// socketOf picks the socket that an endpoint outside the mesh gets; auto is true where a match by the endpoint's
// own label decides between mutual TLS and none.
func socketOf(c *cluster.Cluster) (socket *core.TransportSocket, auto bool) {
	if c.GetTransportSocket() != nil {
		return c.GetTransportSocket(), false
	}
	for _, m := range c.GetTransportSocketMatches() {
		switch m.GetName() {
		case "user":
			return m.GetTransportSocket(), false
		case "tlsMode-istio":
			return m.GetTransportSocket(), len(m.GetMatch().GetFields()) > 0
		}
	}
	return nil, false
}

func readSocket(a *Answer, socket *core.TransportSocket) error {
	var upstream tlsv3.UpstreamTlsContext
	if err := socket.GetTypedConfig().UnmarshalTo(&upstream); err != nil {
		return err
	}
	a.SNI = upstream.GetSni()
	common := upstream.GetCommonTlsContext()
	a.Mode = "SIMPLE"
	for _, secret := range common.GetTlsCertificateSdsSecretConfigs() {
		a.Mode = "MUTUAL"
		if secret.GetName() == meshCertificate {
			a.Mode = "ISTIO_MUTUAL"
		}
	}
	combined := common.GetCombinedValidationContext()
	a.Insecure = combined == nil
	for _, m := range combined.GetDefaultValidationContext().GetMatchSubjectAltNames() {
		a.Names = append(a.Names, m.GetExact())
	}
	return nil
}

func readHTTPOptions(a *Answer, c *cluster.Cluster) error {
	packed := c.GetTypedExtensionProtocolOptions()[httpOptions]
	if packed == nil {
		return nil
	}
	var options http.HttpProtocolOptions
	if err := packed.UnmarshalTo(&options); err != nil {
		return err
	}
	a.AutoSNI = options.GetUpstreamHttpProtocolOptions().GetAutoSni()
	a.AutoNames = options.GetUpstreamHttpProtocolOptions().GetAutoSanValidation()
	return nil
}

func endpointPorts(c *cluster.Cluster, load *endpoint.ClusterLoadAssignment, port uint32) []uint32 {
	if c.GetType() == cluster.Cluster_ORIGINAL_DST {
		if override := c.GetOriginalDstLbConfig().GetUpstreamPortOverride(); override != nil {
			return []uint32{override.GetValue()}
		}
		return []uint32{port}
	}
	var ports []uint32
	for _, locality := range load.GetEndpoints() {
		for _, e := range locality.GetLbEndpoints() {
			ports = append(ports, e.GetEndpoint().GetAddress().GetSocketAddress().GetPortValue())
		}
	}
	return ports
}
