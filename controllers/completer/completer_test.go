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
	s.put(after)
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
				if s.patches != tc.patches || c.found.Load() != int64(tc.found) {
					t.Errorf("%d patches, %d incomplete, want %d and %d", s.patches, c.found.Load(), tc.patches, tc.found)
				}
				if tc.existing == v1alpha1.Complete {
					for range 5 { // somebody sets it back
						s.put(entry)
						time.Sleep(10 * time.Second)
						synctest.Wait()
					}
					if s.patches != tc.patches+3 || c.found.Load() != 1 {
						t.Errorf("after a fight %d patches, %d incomplete", s.patches, c.found.Load())
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
