package mesh

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Bypass is a field by which a pod of the mesh sends, or is reached, past its proxy.
type Bypass struct {
	// Field is its path in the object under review.
	Field string      `json:"field"`
	Means BypassMeans `json:"means"`
}

// BypassMeans says what a Bypass does.
type BypassMeans string

// The ways past a proxy.
const (
	// BypassNoProxy: the pod has no proxy.
	BypassNoProxy BypassMeans = "no-proxy"
	// BypassExcluded: some of what it sends is not redirected to the proxy.
	BypassExcluded BypassMeans = "excluded"
	// BypassInbound: some of what is sent to it is not redirected to the proxy.
	BypassInbound BypassMeans = "inbound"
	// BypassOtherProxy: its proxy is not configured as the mesh's are.
	BypassOtherProxy BypassMeans = "other-proxy"
	// BypassPrivileged: its containers may send as the proxy does, or change what is redirected.
	BypassPrivileged BypassMeans = "privileged"
)

// injectKey is the label, or else the annotation, by which a pod asks for a sidecar or for none.
const injectKey = "sidecar.istio.io/inject"

// bypassMetadata is a label or an annotation that takes pods past their proxy.
type bypassMetadata struct {
	label bool
	key   string
	means BypassMeans
	// bypasses reports whether a value does; nil is any value.
	bypasses func(value string) bool
}

func equals(wanted string) func(string) bool {
	return func(value string) bool { return value == wanted }
}

// isBool reports whether a value is read as a wanted one; what is no boolean is ignored (cni/pkg/util/podutil.go).
func isBool(wanted bool) func(string) bool {
	return func(value string) bool {
		is, err := strconv.ParseBool(value)
		return err == nil && is == wanted
	}
}

func notEmpty(value string) bool { return strings.TrimSpace(value) != "" }

// sidecarBypasses are what the injector reads of a pod with a sidecar (pkg/kube/inject, tools/istio-iptables).
func sidecarBypasses() []bypassMetadata {
	return []bypassMetadata{
		{label: true, key: injectKey, means: BypassNoProxy, bypasses: equals("false")},
		{key: injectKey, means: BypassNoProxy, bypasses: equals("false")},
		{key: "sidecar.istio.io/interceptionMode", means: BypassNoProxy, bypasses: equals("NONE")},
		{key: "traffic.sidecar.istio.io/excludeOutboundPorts", means: BypassExcluded, bypasses: notEmpty},
		{key: "traffic.sidecar.istio.io/excludeOutboundIPRanges", means: BypassExcluded, bypasses: notEmpty},
		{key: "traffic.sidecar.istio.io/includeOutboundIPRanges", means: BypassExcluded, bypasses: func(value string) bool { return strings.TrimSpace(value) != "*" }},
		{key: "traffic.sidecar.istio.io/excludeInterfaces", means: BypassExcluded, bypasses: notEmpty},
		{key: "traffic.sidecar.istio.io/excludeInboundPorts", means: BypassInbound, bypasses: excludesApplicationPorts},
		{key: "traffic.sidecar.istio.io/includeInboundPorts", means: BypassInbound, bypasses: func(value string) bool { return strings.TrimSpace(value) != "*" }},
		{key: "sidecar.istio.io/userVolumeMount", means: BypassOtherProxy, bypasses: mountsOverProxy},
		{key: "proxy.istio.io/config", means: BypassOtherProxy, bypasses: changesProxy},
		{key: "sidecar.istio.io/bootstrapOverride", means: BypassOtherProxy, bypasses: notEmpty},
		{key: "sidecar.istio.io/discoveryAddress", means: BypassOtherProxy, bypasses: notEmpty},
		{key: "inject.istio.io/templates", means: BypassOtherProxy, bypasses: notEmpty},
		{key: "sidecar.istio.io/proxyImage", means: BypassOtherProxy, bypasses: notEmpty},
	}
}

// ambientBypasses are what the CNI agent reads of a pod of the ambient mesh (cni/pkg/util/podutil.go).
func ambientBypasses() []bypassMetadata {
	return []bypassMetadata{
		{label: true, key: ambientLabel, means: BypassNoProxy, bypasses: equals("none")},
		{key: "ambient.istio.io/redirection", means: BypassNoProxy, bypasses: equals("disabled")},
		// Without ztunnel's answers no host has an address by which it comes to its waypoint.
		{key: "ambient.istio.io/dns-capture", means: BypassExcluded, bypasses: isBool(false)},
		{key: "ambient.istio.io/bypass-inbound-capture", means: BypassInbound, bypasses: isBool(true)},
		{key: "sidecar.istio.io/status", means: BypassNoProxy},
	}
}

// proxyFields are the fields of a ProxyConfig that decide what is redirected, or who configures the proxy.
func proxyFields() []string {
	return []string{"interceptionMode", "discoveryAddress", "proxyMetadata", "customConfigFile", "proxyBootstrapTemplatePath", "binaryPath", "configPath"}
}

// changesProxy reports whether a ProxyConfig (YAML) has one of proxyFields, by either of the names that protobuf's JSON takes. A key may
// be written with escapes, which nobody needs.
func changesProxy(config string) bool {
	return strings.Contains(config, "\\") || slices.ContainsFunc(proxyFields(), func(field string) bool {
		return strings.Contains(config, field) || strings.Contains(config, snakeCase(field))
	})
}

// snakeCase returns a field's name in protobuf of its name in JSON.
func snakeCase(field string) string {
	var b strings.Builder
	for _, r := range field {
		if r >= 'A' && r <= 'Z' {
			b.WriteString("_")
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Bypasses returns the fields by which a pod, or those of a template, send past their proxy; nil where they have none, for other
// kinds, and in namespaces that are not part of the mesh.
func (s *Snapshot) Bypasses(o *Object) []Bypass {
	if o == nil {
		return nil
	}
	w, ok := o.Spec.(*Workload)
	if !ok {
		return nil
	}
	var found []Bypass
	add := func(field string, means BypassMeans) {
		found = append(found, Bypass{Field: w.Path + field, Means: means})
	}
	metadata := ambientBypasses()
	switch {
	case s.getsSidecar(o.Namespace, w):
		metadata = sidecarBypasses()
	case !s.isAmbient(o.Namespace):
		return nil
	}
	if w.HostNetwork {
		add("spec.hostNetwork", BypassNoProxy)
	}
	for _, m := range metadata {
		from, path := w.Annotations, "metadata.annotations["
		if m.label {
			from, path = w.Labels, "metadata.labels["
		}
		if _, label := w.Labels[injectKey]; label && !m.label && m.key == injectKey {
			continue // the label goes before the annotation
		}
		if value, set := from[m.key]; set && (m.bypasses == nil || m.bypasses(value)) {
			add(path+m.key+"]", m.means)
		}
	}
	for _, field := range w.Security {
		add(field, BypassPrivileged)
	}
	if s.getsSidecar(o.Namespace, w) {
		for _, field := range w.OwnProxy {
			add(field, BypassOtherProxy)
		}
	}
	return found
}

// getsSidecar reports whether pods get a sidecar unless something of their own prevents it: by their namespace's labels, or by
// their own.
func (s *Snapshot) getsSidecar(namespace string, w *Workload) bool {
	labels := map[string]string{}
	if o := s.Get(Ref{Kind: KindNamespace, Name: namespace}); o != nil {
		maps.Copy(labels, o.Labels)
	}
	switch labels[injectionLabel] {
	case "enabled":
		return true
	case "disabled":
		return false
	}
	return labels[revisionLabel] != "" || w.Labels[injectKey] == "true"
}
