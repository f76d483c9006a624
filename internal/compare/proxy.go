package compare

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/tlsward/tlsward/envoy"
	"github.com/tlsward/tlsward/mesh"
)

// Proxy is who a proxy says that it is, by the node with which it introduces itself to istiod (pkg/model/proxy.go NodeMetadata).
type Proxy struct {
	Client mesh.Client
	// Name is "namespace/pod".
	Name string
	// Revision is the label istio.io/rev that the injector gave the pod, "" where it has none.
	Revision string
	// IstioVersion is the agent's version, EnvoyVersion the proxy's own; "" where it does not say.
	IstioVersion, EnvoyVersion string
	// DNSCapture reports whether it resolves the pod's names (ISTIO_META_DNS_CAPTURE).
	DNSCapture bool
	// Addresses are the pod's own; it has no way to addresses of another family than theirs.
	Addresses []netip.Addr
	// Pushed is when istiod made the newest of its resources; zero where their versions do not say.
	Pushed time.Time
}

// String returns "sidecar namespace/pod".
func (p Proxy) String() string { return string(p.Client.Kind) + " " + p.Name }

// kinds are the proxies by the first part of their node's ID: "sidecar~10.0.0.1~app-0.shop~shop.svc.cluster.local".
func kindOf(id string) (mesh.ClientKind, bool) {
	switch id {
	case "sidecar":
		return mesh.ClientSidecar, true
	case "router":
		return mesh.ClientGateway, true
	case "waypoint":
		return mesh.ClientWaypoint, true
	}
	return "", false
}

// ProxyOf returns who the proxy of a dump is. A dump that does not say so cannot be compared.
func ProxyOf(d *envoy.Dump) (Proxy, error) {
	if d.Node == nil {
		return Proxy{}, errors.New("the dump does not say whose it is: it has no bootstrap with a node")
	}
	parts := strings.Split(d.Node.ID, "~")
	if len(parts) != 4 {
		return Proxy{}, fmt.Errorf("the dump is of no proxy of Istio's: its node is %q", d.Node.ID)
	}
	kind, known := kindOf(parts[0])
	pod, namespace, ok := strings.Cut(parts[2], ".")
	if !known || !ok {
		return Proxy{}, fmt.Errorf("the dump is of no proxy of Istio's that is known: its node is %q", d.Node.ID)
	}
	if i := strings.LastIndexByte(parts[2], '.'); i >= 0 { // a pod's name may have dots, a namespace none
		pod, namespace = parts[2][:i], parts[2][i+1:]
	}
	text := func(key string) string {
		s, _ := d.Node.Metadata[key].(string)
		return s
	}
	if kind == mesh.ClientSidecar && text("INTERCEPTION_MODE") == "NONE" {
		return Proxy{}, errors.New("nothing is redirected to it (INTERCEPTION_MODE is NONE), so what its pod sends cannot be told")
	}
	labels := map[string]string{}
	listed, _ := d.Node.Metadata["LABELS"].(map[string]any)
	for k, v := range listed {
		if s, ok := v.(string); ok {
			labels[k] = s
		}
	}
	return Proxy{
		Client: mesh.Client{Kind: kind, Namespace: namespace, Labels: labels}, Name: namespace + "/" + pod,
		Revision: labels["istio.io/rev"], IstioVersion: text("ISTIO_VERSION"), EnvoyVersion: d.Node.Version,
		DNSCapture: text("DNS_CAPTURE") == "true",
		Addresses:  addresses(parts[1], text("INSTANCE_IPS")), Pushed: newest(d.Versions),
	}, nil
}

// addresses returns those in lists that are separated by commas.
func addresses(lists ...string) []netip.Addr {
	var all []netip.Addr
	for _, list := range lists {
		for text := range strings.SplitSeq(list, ",") {
			if a, err := netip.ParseAddr(text); err == nil && !slices.Contains(all, a) {
				all = append(all, a)
			}
		}
	}
	return all
}

// reaches reports whether the pod has a way to an address (pilot/pkg/model/proxy_config.go SupportsIPv4, SupportsIPv6).
func (p Proxy) reaches(a netip.Addr) bool {
	return len(p.Addresses) == 0 || slices.ContainsFunc(p.Addresses, func(own netip.Addr) bool { return own.Is4() == a.Is4() })
}

// newest returns the newest time in versions as istiod makes them, "2026-08-27T12:45:20Z/7" (pilot/pkg/xds/discovery.go
// NextVersion); zero where none has one.
func newest(versions []string) time.Time {
	var last time.Time
	for _, v := range versions {
		stamp, _, _ := strings.Cut(v, "/")
		if at, err := time.Parse(time.RFC3339, stamp); err == nil && at.After(last) {
			last = at
		}
	}
	return last
}
