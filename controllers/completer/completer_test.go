package completer

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	jsonpatchv5 "github.com/evanphx/json-patch/v5"
	"gomodules.xyz/jsonpatch/v2"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/controllers/follow"
	"github.com/tlsward/tlsward/controllers/internal/fixture"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/webhook/admission"
	"github.com/tlsward/tlsward/webhook/assume"
)

// store is a cluster: what is written comes back as an event.
type store struct {
	t       *testing.T
	cache   *assume.Cache
	objects map[mesh.Ref][]byte
	patches int
	written []string
}

func (s *store) put(raw []byte) mesh.Ref {
	s.t.Helper()
	o, err := mesh.Decode(raw)
	if err != nil {
		s.t.Fatal(err)
	}
	s.objects[o.Ref] = raw
	s.cache.Put(o, assume.Version{})
	return o.Ref
}

func (s *store) Get(_ context.Context, ref mesh.Ref) ([]byte, error) { return s.objects[ref], nil }

func (s *store) Patch(_ context.Context, read []byte, patch []jsonpatch.Operation) error {
	raw, err := json.Marshal(patch)
	if err != nil {
		return err
	}
	decoded, err := jsonpatchv5.DecodePatch(raw)
	if err != nil {
		return err
	}
	after, err := decoded.Apply(read)
	if err != nil {
		return err
	}
	s.patches++
	ref := s.put(after)
	s.written = append(s.written, ref.String())
	return nil
}

// What was stored before is counted, and completed where the configuration says so; what a person wrote is left.
func TestCompleter(t *testing.T) {
	const entrySpec = `{hosts: [api.bank.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP}]}`
	entry := fixture.JSON(t, "ServiceEntry", "bank", entrySpec)
	bare := fixture.JSON(t, "DestinationRule", "bank", `{host: api.bank.example, trafficPolicy: {connectionPool: {tcp: {maxConnections: 1}}}}`)
	other := fixture.JSON(t, "ServiceEntry", "plain", `{hosts: [off.bank.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP, targetPort: 80}]}`)
	disabled := fixture.JSON(t, "DestinationRule", "plain", `{host: off.bank.example, trafficPolicy: {tls: {mode: DISABLE}}}`)
	for _, tc := range []struct {
		existing       v1alpha1.Existing
		found, patches int
	}{{v1alpha1.Report, 2, 0}, {v1alpha1.Complete, 0, 2}} {
		t.Run(string(tc.existing), func(t *testing.T) {
			config := v1alpha1.DefaultConfig()
			config.Mutation.Existing = tc.existing
			e, err := admission.NewEvaluator(t.Context(), config)
			if err != nil {
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer // read once the Completer has ended
				s := &store{t: t, cache: assume.NewCache(mesh.DefaultSettings()), objects: map[mesh.Ref][]byte{}}
				for _, raw := range [][]byte{entry, bare, other, disabled} {
					s.put(raw)
				}
				c := New(Options{Source: fixture.Source(s.cache, e), IsLeader: func() bool { return true }, Cluster: s, Log: slog.New(slog.NewTextHandler(&log, nil))})
				ctx, stop := context.WithCancel(t.Context())
				ended := make(chan error)
				go func() { ended <- c.Start(ctx) }()
				time.Sleep(3 * follow.Interval)
				synctest.Wait()
				if s.patches != tc.patches || c.incomplete.Count() != tc.found {
					t.Errorf("%d patches, %d incomplete, want %d and %d", s.patches, c.incomplete.Count(), tc.patches, tc.found)
				}
				if tc.existing == v1alpha1.Complete {
					for range 5 { // somebody sets it back
						s.put(entry)
						time.Sleep(10 * time.Second)
						synctest.Wait()
					}
					if s.patches != tc.patches+3 || c.incomplete.Count() != 1 {
						t.Errorf("after a fight %d patches, %d incomplete", s.patches, c.incomplete.Count())
					}
					s.put(bytes.Replace(entry, []byte(`"name":"bank"`), []byte(`"name":"bank","uid":"another"`), 1)) // deleted and made anew
					time.Sleep(10 * time.Second)
					synctest.Wait()
					if s.patches != tc.patches+4 || c.incomplete.Count() != 0 {
						t.Errorf("made anew: %d patches, %d incomplete", s.patches, c.incomplete.Count())
					}
				}
				stop()
				if err := <-ended; err != nil {
					t.Error(err)
				}
				if named := strings.Count(log.String(), "incomplete: stored"); named != tc.found {
					t.Errorf("%d objects are named as incomplete, want each once:\n%s", named, log.String())
				}
			})
		})
	}
}

// An entry is completed together with its rules, which come first, and only where nobody is worse off by it.
func TestNobodyIsWorseOff(t *testing.T) {
	entry := func(host string) []byte {
		return fixture.JSON(t, "ServiceEntry", "e", `{hosts: ["`+host+`"], location: MESH_EXTERNAL, resolution: NONE, ports: [{number: 80, name: http, protocol: HTTP}]}`)
	}
	rule := func(name, host, tls string) []byte {
		return fixture.JSON(t, "DestinationRule", name, `{host: "`+host+`", trafficPolicy: {`+tls+`}}`)
	}
	in := func(namespace string, raw []byte) []byte {
		return bytes.Replace(raw, []byte(`"namespace":"shop"`), []byte(`"namespace":"`+namespace+`"`), 1)
	}
	const bare, simple, disable = "connectionPool: {tcp: {maxConnections: 1}}", "tls: {mode: SIMPLE}", "tls: {mode: DISABLE}"
	ambient := []byte(`{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"amb","labels":{"istio.io/dataplane-mode":"ambient"}}}`)
	off := false
	for _, tc := range []struct {
		name       string
		objects    [][]byte
		companions *bool
		want       string
		incomplete int
	}{
		{name: "a lone entry, which gets a companion", objects: [][]byte{entry("api.bank.example")}, want: "ServiceEntry shop/e"},
		{name: "a lone entry that gets none", objects: [][]byte{entry("api.bank.example")}, companions: &off},
		{name: "a wildcard without a rule", objects: [][]byte{entry("*.bank.example")}, incomplete: 1},
		{name: "a wildcard with a rule", objects: [][]byte{entry("*.bank.example"), rule("r", "*.bank.example", simple)}, want: "ServiceEntry shop/e"},
		{name: "an entry and its rule", objects: [][]byte{entry("api.bank.example"), rule("r", "api.bank.example", bare)}, want: "DestinationRule shop/r, ServiceEntry shop/e"},
		{name: "a wildcard and its rule", objects: [][]byte{entry("*.bank.example"), rule("r", "*.bank.example", bare)}, want: "DestinationRule shop/r, ServiceEntry shop/e"},
		{name: "a client that disables TLS", objects: [][]byte{entry("api.bank.example"), rule("r", "api.bank.example", simple),
			in("till", rule("disabled", "api.bank.example", disable))}, incomplete: 1},
		{name: "a client that disables TLS beside a lone entry", objects: [][]byte{entry("api.bank.example"), in("till", rule("disabled", "api.bank.example", disable))}, incomplete: 1},
		{name: "a client that disables TLS beside an incomplete rule", objects: [][]byte{entry("api.bank.example"), rule("r", "api.bank.example", bare),
			in("till", rule("disabled", "api.bank.example", disable))}, incomplete: 2},
		{name: "ambient clients without a waypoint", objects: [][]byte{ambient, entry("api.bank.example"), rule("r", "api.bank.example", simple)}, incomplete: 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			config := v1alpha1.DefaultConfig()
			config.Mutation.Existing, config.Mutation.Companions = v1alpha1.Complete, tc.companions
			e, err := admission.NewEvaluator(t.Context(), config)
			if err != nil {
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) {
				s := &store{t: t, cache: assume.NewCache(mesh.DefaultSettings()), objects: map[mesh.Ref][]byte{}}
				for _, raw := range tc.objects {
					s.put(raw)
				}
				c := New(Options{Source: fixture.Source(s.cache, e), IsLeader: func() bool { return true }, Cluster: s, Log: slog.New(slog.DiscardHandler)})
				ctx, stop := context.WithCancel(t.Context())
				ended := make(chan error)
				go func() { ended <- c.Start(ctx) }()
				time.Sleep(time.Minute)
				synctest.Wait()
				if got := strings.Join(s.written, ", "); got != tc.want || c.incomplete.Count() != tc.incomplete {
					t.Errorf("written %q, %d incomplete, want %q and %d", got, c.incomplete.Count(), tc.want, tc.incomplete)
				}
				stop()
				if err := <-ended; err != nil {
					t.Error(err)
				}
			})
		})
	}
}
