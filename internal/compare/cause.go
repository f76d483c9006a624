package compare

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/tlsward/tlsward/envoy"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/mesh/host"
)

// Cause is what may be the reason for a difference.
type Cause struct {
	Kind CauseKind `json:"kind"`
	// Object is the object that is the cause, nil where there is none.
	Object  *mesh.Decision `json:"object,omitempty"`
	Message string         `json:"message"`
}

// CauseKind is a kind of cause.
type CauseKind string

// The kinds of causes.
const (
	// CauseUnknown is an extension or resource of the proxy that is not understood.
	CauseUnknown CauseKind = "unknown-extension"
	// CauseRefused is an update that the proxy refused; CauseWarming one that it has and does not use yet.
	CauseRefused CauseKind = "refused"
	CauseWarming CauseKind = "warming"
	// CauseEnvoyFilter is an EnvoyFilter that patches what the connection takes.
	CauseEnvoyFilter CauseKind = "envoy-filter"
	// CauseBehind is a proxy that has not got what istiod has.
	CauseBehind CauseKind = "behind"
	// CauseRevision is a proxy of another control plane, CauseVersion one of another Istio.
	CauseRevision CauseKind = "revision"
	CauseVersion  CauseKind = "version"
	// CauseFlag is a setting of the control plane that is not followed.
	CauseFlag CauseKind = "flag"
	// CauseModel is none of these: tlsward may be wrong.
	CauseModel CauseKind = "model"
)

// Facts are what is known of the control plane beside the mesh.
type Facts struct {
	// OutsideModel are settings of the control plane that the model does not follow.
	OutsideModel []string
	// Changed returns when an object was last changed, zero where that is not known.
	Changed func(mesh.Ref) time.Time

	newestPush  time.Time
	newestProxy string
}

// causes returns what may be the reason for a difference, the likeliest first.
func (f Facts) causes(s *mesh.Snapshot, p Proxy, d *envoy.Dump, diff Difference) []Cause {
	var list []Cause
	add := func(kind CauseKind, object *mesh.Decision, format string, args ...any) {
		list = append(list, Cause{Kind: kind, Object: object, Message: fmt.Sprintf(format, args...)})
	}
	if diff.Unknown {
		add(CauseUnknown, nil, "what the proxy does there is not understood: %s", strings.Join(diff.Proxy, "; "))
	}
	takes := diff.takes()
	for _, u := range concerning(d.Refused, diff.Connection, takes) {
		add(CauseRefused, nil, "the proxy refused %s %s: %s", u.Kind, u.Name, strings.TrimPrefix(u.Detail, "an update was refused: "))
	}
	for _, u := range concerning(d.Warming, diff.Connection, takes) {
		add(CauseWarming, nil, "%s %s is still warming", u.Kind, u.Name)
	}
	for _, patch := range patches(s, p.Client, takes) {
		add(CauseEnvoyFilter, &patch, "%s patches what this proxy has there", patch)
	}
	f.behind(s, p, takes, add)
	settings := s.Settings()
	if judged := cmp.Or(settings.Revision, mesh.DefaultRevision); p.Revision != "" && p.Revision != judged {
		add(CauseRevision, nil, "the proxy is one of revision %s, and the mesh is judged as revision %s (mesh.revision in Config)", p.Revision, judged)
	}
	if version := string(cmp.Or(settings.Version, mesh.Version131)); p.IstioVersion != "" && !isVersion(p.IstioVersion, version) {
		add(CauseVersion, nil, "the proxy is of Istio %s, and the mesh is judged as by %s", p.IstioVersion, version)
	}
	for _, outside := range f.OutsideModel {
		add(CauseFlag, nil, "not followed: %s", outside)
	}
	if len(list) == 0 {
		add(CauseModel, nil, "none is known: tlsward may be wrong about this connection; please report it with the proxy's dump")
	}
	return list
}

// takes returns what a connection may take: the cluster of its host, and those of others to which either side has it go.
func (d Difference) takes() []clusterKey {
	own := clusterKey{host: d.Connection.Host, port: d.Connection.Port}
	return append([]clusterKey{own}, slices.DeleteFunc(slices.Clone(d.clusters), func(k clusterKey) bool { return k == own })...)
}

// patches returns the patches of EnvoyFilters for what a connection may take, each once.
func patches(s *mesh.Snapshot, client mesh.Client, takes []clusterKey) []mesh.Decision {
	var list []mesh.Decision
	for _, k := range takes {
		for _, patch := range s.Patches(client, k.host, k.port) {
			if !slices.Contains(list, patch) {
				list = append(list, patch)
			}
		}
	}
	return list
}

// isVersion reports whether a proxy's version is of a minor version, as "1.31.2" is of "1.31". Builds without a number are of any.
func isVersion(proxy, minor string) bool {
	return proxy == minor || strings.HasPrefix(proxy, minor+".") || strings.HasPrefix(proxy, minor+"-") || !strings.HasPrefix(proxy, "1.")
}

// behind adds that the proxy has not got the newest.
func (f Facts) behind(s *mesh.Snapshot, p Proxy, takes []clusterKey, add func(CauseKind, *mesh.Decision, string, ...any)) {
	if p.Pushed.IsZero() {
		return
	}
	if f.newestPush.Sub(p.Pushed) > time.Minute {
		add(CauseBehind, nil, "the newest that the proxy has from istiod is of %s, and %s has some of %s",
			p.Pushed.Format(time.RFC3339), f.newestProxy, f.newestPush.Format(time.RFC3339))
	}
	if f.Changed == nil {
		return
	}
	for o := range s.Objects() {
		if at := f.Changed(o.Ref); at.After(p.Pushed) && concerns(o, p.Client, takes) {
			add(CauseBehind, &mesh.Decision{Object: o.Ref}, "%s was changed at %s, and the newest that the proxy has from istiod is of %s",
				o.Ref, at.Format(time.RFC3339), p.Pushed.Format(time.RFC3339))
		}
	}
}

// concerns reports whether an object says something of a host that a connection may take, or of what the client knows.
func concerns(o *mesh.Object, client mesh.Client, takes []clusterKey) bool {
	names := func(hosts ...string) bool {
		return slices.ContainsFunc(hosts, func(h string) bool {
			return slices.ContainsFunc(takes, func(k clusterKey) bool { return host.Matches(h, k.host) })
		})
	}
	switch spec := o.Spec.(type) {
	case *networking.ServiceEntry:
		return names(spec.Hosts...)
	case *networking.DestinationRule:
		return names(spec.Host)
	case *networking.VirtualService:
		return names(spec.Hosts...)
	case *networking.Gateway:
		return client.Kind == mesh.ClientGateway && selected(spec.Selector, client.Labels)
	case *networking.Sidecar:
		return client.Kind == mesh.ClientSidecar && o.Namespace == client.Namespace
	}
	return false
}

// concerning returns those of the resources that may be a connection's: of its port, by their name, or of a host that it may take.
func concerning(list []envoy.Unknown, c Connection, takes []clusterKey) []envoy.Unknown {
	return slices.DeleteFunc(slices.Clone(list), func(u envoy.Unknown) bool {
		of := func(k clusterKey) bool { return strings.HasSuffix(u.Name, k.host) }
		port := fmt.Sprint(c.Port)
		return !slices.ContainsFunc(takes, of) && !strings.HasSuffix(u.Name, "_"+port) && u.Name != port && !strings.Contains(u.Name, "|"+port+"|") &&
			!strings.HasSuffix(u.Name, fmt.Sprintf("_%d", c.At.Port())) && u.Name != ""
	})
}
