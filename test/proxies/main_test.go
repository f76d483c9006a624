//go:build proxies

package proxies

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"
)

// partsVariable carries the programs into the sealed world.
const partsVariable = "TLSWARD_PARTS"

// mustVariable makes it a failure that the proxies cannot run, as in CI.
const mustVariable = "TLSWARD_PROXIES"

var (
	// theWorld is what all tests share; nil where it cannot be, for which cannotRun says why.
	theWorld  *World
	cannotRun error
)

// TestMain builds the programs, and runs the tests in a sealed world.
func TestMain(m *testing.M) {
	code, err := start(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "proxies:", err)
		code = 1
	}
	os.Exit(code)
}

func start(m *testing.M) (int, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Minute)
	defer cancel()
	if !isSealed() {
		return outsideOfIt(ctx, m)
	}
	var p parts
	if err := json.Unmarshal([]byte(os.Getenv(partsVariable)), &p); err != nil {
		return 0, fmt.Errorf("read the parts: %w", err)
	}
	began := time.Now()
	var err error
	if theWorld, err = newWorld(ctx, p); err != nil {
		return 0, fmt.Errorf("bring the world up: %w", err)
	}
	fmt.Fprintf(os.Stderr, "the world is up after %s\n", time.Since(began).Round(100*time.Millisecond))
	return m.Run(), nil
}

// outsideOfIt gets the programs and runs the tests in the sealed world; where that cannot be, they are skipped, or fail where
// they must run.
func outsideOfIt(ctx context.Context, m *testing.M) (int, error) {
	p, err := findParts(ctx)
	if errors.Is(err, errCannotRun) && os.Getenv(mustVariable) != "must" {
		cannotRun = err
		return m.Run(), nil
	}
	if err != nil {
		return 0, err
	}
	packed, err := json.Marshal(p)
	if err != nil {
		return 0, err
	}
	if err := os.Setenv(partsVariable, string(packed)); err != nil {
		return 0, err
	}
	if root := os.Getenv("KUBEBUILDER_ASSETS"); root == "" {
		assets, err := assets(ctx)
		if err != nil {
			return 0, err
		}
		if err := os.Setenv("KUBEBUILDER_ASSETS", assets); err != nil {
			return 0, err
		}
	}
	return runSealed()
}

// scene is a test in the world: what it made is gone when it ends.
type scene struct {
	*testing.T
	world *World
}

// newScene returns an empty scene; it skips the test where the proxies cannot run.
func newScene(t *testing.T) *scene {
	t.Helper()
	if cannotRun != nil {
		t.Skip(cannotRun)
	}
	t.Cleanup(func() {
		if err := theWorld.forget(context.Background()); err != nil {
			t.Errorf("clear the world: %v", err)
		}
	})
	return &scene{t, theWorld}
}

// server starts a server outside with a certificate of this name, to which names lead.
func (s *scene) server(certificate string, names ...string) *Outside {
	s.Helper()
	o, err := s.world.Server(certificate, names...)
	if err != nil {
		s.Fatal(err)
	}
	return o
}

// apply writes manifests as a user, whose webhooks must admit them.
func (s *scene) apply(text string) {
	s.Helper()
	if err := s.world.Apply(s.Context(), text); err != nil {
		s.Fatal(err)
	}
}

// refuses has manifests be refused by a policy, and returns what is said.
func (s *scene) refuses(policy, text string) string {
	s.Helper()
	err := s.world.Apply(s.Context(), text)
	if !denied(err, policy) {
		s.Fatalf("want a denial by %s, have %v", policy, err)
	}
	return err.Error()
}

// unseen writes manifests as if the webhooks were not there.
func (s *scene) unseen(text string) {
	s.Helper()
	if err := s.world.ApplyUnseen(s.Context(), text); err != nil {
		s.Fatal(err)
	}
}

// sidecar starts a pod that has all that was written so far; it ends with the test, and must have refused nothing.
func (s *scene) sidecar(namespace, name string, labels map[string]string) *Pod {
	s.Helper()
	p, err := s.world.Sidecar(s.Context(), namespace, name, labels)
	if err != nil {
		s.Fatal(err)
	}
	s.watch(p)
	return p
}

// gateway starts a gateway, which ends with the test.
func (s *scene) gateway(namespace, name string, labels map[string]string, ports ...int32) *Pod {
	s.Helper()
	p, err := s.world.Gateway(s.Context(), namespace, name, labels, ports...)
	if err != nil {
		s.Fatal(err)
	}
	s.watch(p)
	return p
}

// ambient has istiod serve waypoints until the test ends.
func (s *scene) ambient() {
	s.Helper()
	s.Cleanup(func() {
		if err := s.world.restartIstiod(context.Background()); err != nil {
			s.Error(err)
		}
	})
	if err := s.world.restartIstiod(s.Context(), ambientMode); err != nil {
		s.Fatal(err)
	}
}

// waypoint starts the waypoint of a namespace, which ends with the test.
func (s *scene) waypoint(namespace string) *Pod {
	s.Helper()
	p, err := s.world.Waypoint(s.Context(), namespace)
	if err != nil {
		s.Fatal(err)
	}
	s.watch(p)
	return p
}

// workload starts a pod that serves HTTP behind a Service of its name, and ends with the test.
func (s *scene) workload(namespace, name string, labels map[string]string, port int32) *Outside {
	s.Helper()
	p, application, err := s.world.Workload(s.Context(), namespace, name, labels, port)
	if err != nil {
		s.Fatal(err)
	}
	s.watch(p)
	return application
}

// credential writes a Secret with a certificate of this name for credentialName, and lets an account of its namespace read it.
func (s *scene) credential(namespace, name, certificate, account string) {
	s.Helper()
	s.Cleanup(func() { s.world.removeCredential(context.Background(), namespace, name) })
	if err := s.world.Credential(s.Context(), namespace, name, certificate); err != nil {
		s.Fatal(err)
	}
	if err := s.world.readSecrets(s.Context(), namespace, account); err != nil {
		s.Fatal(err)
	}
}

// visitor is a client outside the mesh, with a certificate of a name where that is not "".
func (s *scene) visitor(sni, certificate string) Visitor {
	s.Helper()
	v := s.world.Visitor(sni)
	if certificate != "" {
		issued, err := s.world.trusted.issue(certificate)
		if err != nil {
			s.Fatal(err)
		}
		v.Certificate = &issued
	}
	return v
}

// remove takes objects away, unseen by the webhooks.
func (s *scene) remove(text string) {
	s.Helper()
	if err := s.world.Remove(s.Context(), text); err != nil {
		s.Fatal(err)
	}
}

// mended applies what is refused, with the fixes that the denials print.
func (s *scene) mended(text string) {
	s.Helper()
	if err := s.world.Mended(s.Context(), text); err != nil {
		s.Fatal(err)
	}
}

// settle gives a running proxy the time to have what was written; a change is on the wire after 0.13 s.
func (s *scene) settle(*Pod) { pause() }

// agrees has `tlsward verify` compare the proxy of a pod with the mesh: they agree on everything.
func (s *scene) agrees(p *Pod) {
	s.Helper()
	if report, code := s.verify(p); code != 0 {
		s.Errorf("tlsward verify ends with %d:\n%s", code, report)
	}
}

// verify returns what `tlsward verify` says of the proxies of pods, and its exit code.
func (s *scene) verify(pods ...*Pod) (report string, code int) {
	s.Helper()
	report, code, err := s.world.Verify(s.Context(), pods...)
	if err != nil {
		s.Fatal(err)
	}
	s.Logf("%s", report)
	return report, code
}

// watch ends a pod with the test; its proxy must have refused nothing.
func (s *scene) watch(p *Pod) {
	s.Cleanup(func() {
		refused, err := p.Refused()
		if err != nil || len(refused) > 0 {
			s.Errorf("the proxy of %s refused %q, %v", p.Name, refused, err)
		}
		p.stop(context.Background())
	})
}

// gets has a pod ask, which must be answered with this status.
func (s *scene) gets(p *Pod, url string, want int) {
	s.Helper()
	status, err := p.Get(url)
	if err != nil {
		s.Fatal(err)
	}
	if status != want {
		s.Errorf("%s is answered %d, want %d", url, status, want)
	}
}

// saw has a server have seen connections that are all alike, and returns one: the proxy tries again what fails.
func (s *scene) saw(o *Outside) Arrival {
	s.Helper()
	seen := o.Seen()
	if len(seen) == 0 {
		s.Fatalf("%s saw nothing", o.Address)
	}
	for _, a := range seen {
		s.Logf("on the wire: %s", a)
		if a.String() != seen[0].String() {
			s.Errorf("%s saw different connections", o.Address)
		}
	}
	return seen[0]
}

// pause waits until the next second.
func pause() { time.Sleep(1100 * time.Millisecond) }
