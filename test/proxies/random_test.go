//go:build proxies

package proxies

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/tlsward/tlsward/internal/compare"
)

// How many random meshes there are, the number of the first, and the seed of which they are; what repeats a run.
const (
	meshesVariable = "TLSWARD_MESHES"
	firstVariable  = "TLSWARD_FIRST"
	seedVariable   = "TLSWARD_SEED"
)

// TestRandomMeshes shows random meshes to a client's proxy, opens each connection that they declare, and holds what arrives against what
// the model says, and what follows of the proxy's configuration.
func TestRandomMeshes(t *testing.T) {
	s := newScene(t)
	seed, first, count := number(t, seedVariable, 1), number(t, firstVariable, 0), number(t, meshesVariable, 40)
	meshes, err := s.world.randomMeshes(t.Context(), false, seed, first, count)
	if err != nil {
		t.Fatal(err)
	}
	run := newMeshRun(s)
	tally := newTally()
	began := time.Now()
	for i, m := range meshes {
		run.one(s, tally, first+uint64(i), m, run.sidecar)
	}
	t.Logf("%s=%d %s=%d: %d meshes in %s", seedVariable, seed, firstVariable, first, count, time.Since(began).Round(time.Second))
	tally.log(t)
	if tally.connections == 0 {
		t.Error("nothing was compared")
	}
}

// TestRandomWaypoints is TestRandomMeshes for what comes out of the tunnels of a waypoint, in random meshes of ambient mode. Of each mesh
// one waypoint is asked that stands for a host of an entry; those without are left out.
func TestRandomWaypoints(t *testing.T) {
	s := newScene(t)
	seed, first, count := number(t, seedVariable, 1), number(t, firstVariable, 0), number(t, meshesVariable, 20)
	meshes, err := s.world.randomMeshes(t.Context(), true, seed, first, count)
	if err != nil {
		t.Fatal(err)
	}
	s.ambient()
	run := newMeshRun(s)
	tally := newTally()
	began := time.Now()
	for i, m := range meshes {
		namespaces, err := m.waypoints()
		if err != nil {
			t.Fatal(err)
		}
		if len(namespaces) == 0 {
			tally.apart["a mesh whose waypoints stand for no entry"]++
			continue
		}
		run.one(s, tally, first+uint64(i), m, run.waypoint(namespaces[i%len(namespaces)]))
	}
	t.Logf("%s=%d %s=%d: %d meshes in %s", seedVariable, seed, firstVariable, first, count, time.Since(began).Round(time.Second))
	tally.log(t)
	if tally.connections == 0 {
		t.Error("nothing was compared")
	}
}

func newMeshRun(s *scene) *meshRun {
	s.Helper()
	if err := s.world.certificateFiles(s.Context()); err != nil {
		s.Fatal(err)
	}
	ofMesh, err := s.world.meshAuthority(s.Context())
	if err != nil {
		s.Fatal(err)
	}
	outside, err := s.world.Anywhere()
	if err != nil {
		s.Fatal(err)
	}
	s.world.names.invent(inventedAfter)
	s.Cleanup(func() {
		s.world.names.invent(netip.Addr{})
		if _, err := s.world.configure(context.Background(), nil); err != nil {
			s.Error(err)
		}
		for _, namespace := range randomNamespaces {
			s.world.removeCredential(context.Background(), namespace, "client-cert")
		}
	})
	return &meshRun{world: s.world, outside: outside, ofMesh: ofMesh}
}

// starts starts the proxy of a mesh with this number, and returns who sends through it.
type starts func(s *scene, number uint64) (*Pod, sender, error)

// sidecar starts a pod with a sidecar, each time of another namespace and labels.
func (r *meshRun) sidecar(s *scene, number uint64) (*Pod, sender, error) {
	namespace, labels := randomClient(number)
	if err := r.world.readSecrets(s.Context(), namespace, clientName(number)); err != nil {
		return nil, nil, err
	}
	pod, err := r.world.Sidecar(s.Context(), namespace, clientName(number), labels)
	return pod, pod, err
}

// waypoint starts a namespace's waypoint, through which a client of that namespace sends.
func (r *meshRun) waypoint(namespace string) starts {
	return func(s *scene, _ uint64) (*Pod, sender, error) {
		pod, err := r.world.Waypoint(s.Context(), namespace)
		if err != nil {
			return nil, nil, err
		}
		client, err := r.world.AmbientClient(s.Context(), pod, namespace, "curl")
		return pod, client, err
	}
}

// one shows one mesh to a client, and adds up what became of its connections.
func (r *meshRun) one(s *scene, tally *tally, number uint64, m randomMesh, start starts) {
	defer func() {
		if err := r.world.restore(context.Background(), m); err != nil {
			s.Error(err)
		}
		if err := r.world.forgetObjects(context.Background()); err != nil {
			s.Error(err)
		}
		if r.world.istiod.ended() {
			tally.apart["istiod has ended over it"]++
			s.Logf("mesh %d: istiod has ended over it: %s\n%s", number, r.world.istiod.panicked(), m.yaml())
			if err := r.world.restartIstiod(context.Background(), r.world.environment...); err != nil {
				s.Fatal(err)
			}
		}
	}()
	meshConfig, err := r.world.configure(s.Context(), m.meshConfig())
	if err != nil {
		s.Fatalf("mesh %d: %v", number, err)
	}
	refused, err := r.world.writeMesh(s.Context(), m)
	if err != nil {
		s.Fatalf("mesh %d: %v", number, err)
	}
	pod, client, err := start(s, number)
	if pod != nil {
		defer pod.stop(context.Background())
	}
	var all []*asked
	var verified compare.Result
	if err == nil {
		time.Sleep(300 * time.Millisecond)
		all, verified, err = r.ask(s.Context(), client, pod, meshConfig)
	}
	if r.world.istiod.ended() {
		return
	}
	if err != nil {
		s.Fatalf("mesh %d: %v", number, err)
	}
	nacks, err := pod.Refused()
	if err != nil {
		s.Fatal(err)
	}
	tally.meshes++
	tally.refused += refused
	for _, line := range nacks {
		s.Logf("mesh %d: the proxy refused %s", number, line)
	}
	tally.verified += verified.Compared
	wrong := len(verified.Differences) > 0
	for _, d := range verified.Differences {
		s.Errorf("mesh %d, %s: verify: %s at %s:\n  model %q\n  proxy %q by %s", number, verified.Proxy.Client, d.Connection, d.Connection.At, d.Model, d.Proxy, d.Way)
	}
	for _, a := range all {
		if !tally.add(a) {
			wrong = true
			s.Errorf("mesh %d, %s: %s", number, verified.Proxy.Client, a)
		}
	}
	if wrong {
		s.Logf("mesh %d:\n%s", number, m.yaml())
	}
}

func clientName(number uint64) string { return fmt.Sprintf("client-%d", number) }

// yaml returns the mesh as kubectl would read it.
func (m randomMesh) yaml() string {
	text := ""
	for _, o := range m {
		raw, err := yaml.Marshal(o.Object)
		if err != nil {
			raw = []byte(err.Error())
		}
		text += "---\n" + string(raw)
	}
	return text
}

// tally adds up what became of connections.
type tally struct {
	meshes, refused, connections, agreed, walked, walkedAgreed int
	// shared are those connections that go to ports which another host has too, verified those that `tlsward verify` compared.
	shared, verified int
	// verdicts counts those of which the model is right, apart what cannot be shown, by reason.
	verdicts, apart map[string]int
}

func newTally() *tally { return &tally{verdicts: map[string]int{}, apart: map[string]int{}} }

// add adds a connection; false reports that it is not as the proxy's configuration has it, or not as the model says.
func (c *tally) add(a *asked) bool {
	seen := a.seen[rightCertificate]
	if reason := a.unseen(); reason != "" {
		c.apart[reason]++
		return true
	}
	if a.understood && len(seen) > 0 {
		c.walked++
		if !a.agrees(a.proxy) {
			return false
		}
		c.walkedAgreed++
	}
	if a.untold != "" {
		c.apart["the model cannot tell: "+a.untold]++
		return true
	}
	c.connections++
	if a.shared {
		c.shared++
	}
	if !a.agrees(a.model) {
		return false
	}
	c.agreed++
	c.verdicts[a.verdict()]++
	return true
}

// unseen returns why the wire does not show what a connection would have shown; "" where it does.
func (a *asked) unseen() string {
	switch {
	case len(a.seen[rightCertificate]) > 0, len(a.model) == 0:
		return ""
	case a.understood && len(a.proxy) == 0:
		return "the proxy has no endpoint for it"
	}
	return "it did not arrive"
}

func (c *tally) log(t *testing.T) {
	t.Logf("%d meshes; the API server refused %d of their objects", c.meshes, c.refused)
	t.Logf("%d connections compared with the model: %d agree; %d with the proxy's configuration: %d agree", c.connections, c.agreed, c.walked, c.walkedAgreed)
	t.Logf("%d of them to ports that another host has too; %d compared by verify", c.shared, c.verified)
	for _, of := range []struct {
		name   string
		counts map[string]int
	}{{"agreed", c.verdicts}, {"apart", c.apart}} {
		for _, name := range slices.Sorted(maps.Keys(of.counts)) {
			t.Logf("%6d  %s: %s", of.counts[name], of.name, name)
		}
	}
}

func number(t *testing.T, variable string, fallback uint64) uint64 {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return fallback
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("read %s: %v", variable, err)
	}
	return n
}
