package mesh

import "testing"

func TestPassesOn(t *testing.T) {
	for name, c := range map[string]struct {
		registryOnly bool
		sidecar      string
		kind         ClientKind
		want         bool
	}{
		"by default":                         {kind: ClientSidecar, want: true},
		"REGISTRY_ONLY in the mesh":          {registryOnly: true, kind: ClientSidecar},
		"REGISTRY_ONLY in the namespace":     {sidecar: `{outboundTrafficPolicy: {mode: REGISTRY_ONLY}}`, kind: ClientSidecar},
		"a Sidecar goes before the mesh":     {registryOnly: true, sidecar: `{outboundTrafficPolicy: {mode: ALLOW_ANY}}`, kind: ClientSidecar, want: true},
		"REGISTRY_ONLY does not bind it":     {registryOnly: true, kind: ClientZtunnel, want: true},
		"a gateway has no way for the rest":  {kind: ClientGateway},
		"a waypoint has no way for the rest": {kind: ClientWaypoint},
	} {
		settings := DefaultSettings()
		settings.RegistryOnly = c.registryOnly
		s := New(settings)
		if c.sidecar != "" {
			s = s.With(objects(t, `Sidecar shop/default: `+c.sidecar)[0])
		}
		if have := s.PassesOn(Client{Kind: c.kind, Namespace: "shop"}); have != c.want {
			t.Errorf("%s: %v, want %v", name, have, c.want)
		}
	}
}
