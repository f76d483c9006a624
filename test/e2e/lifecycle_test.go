package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/tlsward/tlsward/test/e2e/cluster"
)

// first returns the case of the published Suite whose name begins like this.
func first(t *testing.T, prefix string) scenario {
	t.Helper()
	for _, c := range loadSuite(t, publishedSuite).Cases {
		if strings.HasPrefix(c.Name, prefix) {
			return c
		}
	}
	t.Fatalf("%s has no case %q", publishedSuite, prefix)
	return scenario{}
}

// origination ends in a rule that only stands beside its entry; egress in a warning and a patch that need four others.
const (
	origination = "Istio TLS origination: TLS origination for egress traffic"
	egress      = "Gateway tour: section 7.2"
)

// A cluster without Istio is served, and Istio is picked up when it arrives.
func TestCRDsThatArriveLate(t *testing.T) {
	late := startCluster(t)
	s := newServer(t, late)
	s.register(t, s.start(t).URL())
	if err := late.InstallCRDs(t.Context()); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	newStage(t, late).play(t, first(t, origination), senders()[0])
	t.Logf("judged right %s after the CRDs were there", time.Since(start).Round(time.Millisecond))
}

// startCluster starts a control plane of the test's own, without Istio's CRDs.
func startCluster(t *testing.T) *cluster.Cluster {
	t.Helper()
	c, err := cluster.Start(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	if err := c.GrantReaders(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c
}

// The server outlives the API server and etcd, and follows the cluster on.
func TestControlPlaneRestarts(t *testing.T) {
	own := startCluster(t)
	if err := own.InstallCRDs(t.Context()); err != nil {
		t.Fatal(err)
	}
	s, stage := newServer(t, own), newStage(t, own)
	replica := s.start(t)
	s.register(t, replica.URL())
	for _, restart := range []struct {
		name string
		do   func() error
	}{{"kube-apiserver", own.RestartAPIServer}, {"etcd", own.RestartEtcd}} {
		t.Run(restart.name, func(t *testing.T) {
			stage.play(t, first(t, origination), senders()[0])
			if err := restart.do(); err != nil {
				t.Fatal(err)
			}
			awaitPlane(t, stage.admin)
			stage.play(t, first(t, egress), senders()[0])
			if replica.Exited() || !replica.Ready(t.Context()) {
				t.Error("the server has not outlived it")
			}
		})
	}
}

// awaitPlane waits until the API server answers reads of the mesh again.
func awaitPlane(t *testing.T, a api) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		_, err := a.Resource(meshResources()[0]).List(t.Context(), metav1.ListOptions{Limit: 1})
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the API server has not come back: %v", err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// Two replicas judge one request: one mutates it, the other validates it.
func TestTwoReplicas(t *testing.T) {
	s, stage := newServer(t, plane), newStage(t, plane)
	mutates, validates := s.start(t), s.start(t)
	s.registerAs(t, cluster.Webhooks{URL: validates.URL(), MutateURL: mutates.URL(), CA: s.pair.CA})
	for _, c := range loadSuite(t, publishedSuite).Cases {
		t.Run(c.Name, func(t *testing.T) { stage.play(t, c, senders()[0]) })
	}
}

// kubectl apply -f of a file sends one object after the other and waits for nothing.
func TestQuickSuccession(t *testing.T) {
	cases := loadSuite(t, publishedSuite).Cases
	for _, replicas := range []int{1, 2} {
		t.Run(map[int]string{1: "one replica", 2: "two replicas"}[replicas], func(t *testing.T) {
			s, stage := newServer(t, plane), newStage(t, plane)
			w := cluster.Webhooks{URL: s.start(t).URL(), CA: s.pair.CA}
			if replicas == 2 {
				w.MutateURL = s.start(t).URL()
			}
			s.registerAs(t, w)
			for _, c := range cases {
				t.Run(c.Name, func(t *testing.T) { stage.race(t, s, c, senders()[0]) })
			}
		})
	}
}

// A webhook without a server behind it refuses, and serves again as soon as there is one.
func TestFailsClosed(t *testing.T) {
	s, stage := newServer(t, plane), newStage(t, plane)
	replica := s.start(t)
	s.register(t, replica.URL())
	c := first(t, origination)
	stage.play(t, c, senders()[0])
	if err := replica.Kill(); err != nil {
		t.Fatal(err)
	}
	stage.lay(t, c, senders()[0])
	_, err := senders()[0].send(t.Context(), stage.admin, c.Steps[0], nil)
	if !apierrors.IsInternalError(err) || !strings.Contains(err.Error(), "failed calling webhook") {
		t.Errorf("with no server: want a failed call, got %v", err)
	}
	next, err := s.program.StartOn(replica.Port, replica.MetricsPort, replica.HealthPort)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = next.Stop(context.Background()) })
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := next.AwaitReady(ctx); err != nil {
		t.Fatal(err)
	}
	stage.play(t, c, senders()[0])
}

// A new pair in the certificate directory, with a new CA, is served without a restart.
func TestMountedPairIsReloaded(t *testing.T) {
	s, stage := newServer(t, plane), newStage(t, plane)
	replica := s.start(t)
	s.register(t, replica.URL())
	c := first(t, origination)
	stage.play(t, c, senders()[0])
	pair, err := cluster.NewPair()
	if err != nil {
		t.Fatal(err)
	}
	if err := pair.Write(s.certDir); err != nil {
		t.Fatal(err)
	}
	s.registerAs(t, cluster.Webhooks{URL: replica.URL(), CA: pair.CA})
	stage.play(t, c, senders()[0])
}

// A changed configuration is followed; a broken one leaves the last good one in force.
func TestConfigIsReloaded(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte("apiVersion: tlsward.io/v1alpha1\nkind: Config\n"+text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("strict: false\n")
	s, stage := newServer(t, plane, "--config", file), newStage(t, plane)
	replica := s.start(t)
	s.register(t, replica.URL())
	lenient := first(t, "Istio TLS origination: access to edition.cnn.com")
	strict := lenient
	strict.Steps = append([]step{}, lenient.Steps[:1]...)
	strict.Steps[0].Expect = expectation{Decision: "deny", Deny: []string{"tls-pending"}}

	stage.play(t, lenient, senders()[0])
	write("strict: true\n")
	stage.play(t, strict, senders()[0])
	write("strict: [true, and what is this\n")
	time.Sleep(2 * time.Second) // the change must have been seen to have been refused
	stage.play(t, strict, senders()[0])
	if !replica.Ready(t.Context()) {
		t.Error("a broken configuration has made the server unready")
	}
	write("strict: false\n")
	stage.play(t, lenient, senders()[0])
}

// What is on its way out is let go, however bad it is.
func TestObjectsBeingDeleted(t *testing.T) {
	s, stage := newServer(t, plane), newStage(t, plane)
	s.register(t, s.start(t).URL())
	ctx := t.Context()
	stage.lay(t, scenario{}, senders()[0])
	bad := disabledRule()
	if _, err := senders()[0].create(ctx, stage.admin, bad.DeepCopy(), nil); !apierrors.IsForbidden(err) {
		// The rule alone knows no host: it is refused only beside its entry.
		if _, err := stage.seed.of(plainEntry()).Create(ctx, plainEntry(), metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		_ = stage.seed.of(bad).Delete(ctx, bad.GetName(), metav1.DeleteOptions{})
	}
	stage.rehearse(t, senders()[0], 0, step{
		Operation: create, Object: bad.Object, Expect: expectation{Decision: "deny", Deny: []string{"plaintext-egress"}},
	})
	bad.SetFinalizers([]string{"e2e.tlsward.io/hold"})
	if _, err := stage.seed.of(bad).Create(ctx, bad.DeepCopy(), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := stage.admin.of(bad).Delete(ctx, bad.GetName(), metav1.DeleteOptions{}); err != nil {
		t.Errorf("delete a bad object: %v", err)
	}
	leaving := stage.admin.stored(ctx, t, bad)
	if leaving == nil || leaving.GetDeletionTimestamp() == nil {
		t.Fatalf("the object is not being deleted: %s", text(leaving))
	}
	leaving.SetFinalizers(nil)
	if _, err := stage.admin.of(bad).Update(ctx, leaving, metav1.UpdateOptions{}); err != nil {
		t.Errorf("drop the finalizer of a bad object: %v", err)
	}
	if left := stage.admin.stored(ctx, t, bad); left != nil {
		t.Errorf("the object is still there: %s", text(left))
	}
}

// plainEntry declares external.example on an HTTP port.
func plainEntry() *unstructured.Unstructured {
	return object("networking.istio.io/v1", "ServiceEntry", "external", map[string]any{
		"hosts":      []any{"external.example"},
		"ports":      []any{map[string]any{"number": int64(80), "name": "http", "protocol": "HTTP"}},
		"resolution": "DNS",
	})
}

// disabledRule says in so many words that external.example is to be sent to in plaintext.
func disabledRule() *unstructured.Unstructured {
	return object("networking.istio.io/v1", "DestinationRule", "external", map[string]any{
		"host":          "external.example",
		"trafficPolicy": map[string]any{"tls": map[string]any{"mode": "DISABLE"}},
	})
}

func object(apiVersion, kind, name string, spec any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": apiVersion, "kind": kind,
		"metadata": map[string]any{"name": name, "namespace": "default"}, "spec": spec,
	}}
}

// A rule sent right after its entry is completed and admitted, also where the replica that completes it has heard of
// the entry by its watch alone.
func TestRuleRightAfterItsEntry(t *testing.T) {
	s, stage := newServer(t, plane), newStage(t, plane)
	mutates, validates := s.start(t), s.start(t)
	s.registerAs(t, cluster.Webhooks{URL: validates.URL(), MutateURL: mutates.URL(), CA: s.pair.CA})
	stage.play(t, first(t, origination), senders()[0])
	stage.lay(t, scenario{}, senders()[0])
	ctx, uncompleted, refused := t.Context(), 0, 0
	const rounds = 100
	for i := range rounds {
		host := fmt.Sprintf("external-%d.example", i)
		entry, rule := plainEntry(), plainRule()
		for _, o := range []*unstructured.Unstructured{entry, rule} {
			o.SetName(fmt.Sprint("external-", i))
		}
		entry.Object["spec"].(map[string]any)["hosts"] = []any{host}
		rule.Object["spec"].(map[string]any)["host"] = host
		if _, err := post(ctx, stage.admin, entry, nil); err != nil {
			t.Fatal(err)
		}
		stored, err := post(ctx, stage.admin, rule, nil)
		switch {
		case err != nil:
			refused++
			t.Log(err)
		case !strings.Contains(text(stored.Object["spec"]), "SIMPLE"):
			uncompleted++
		}
	}
	if refused+uncompleted > 0 {
		t.Errorf("of %d rules, %d were refused and %d stored without TLS", rounds, refused, uncompleted)
	}
}

// plainRule applies to external.example and says nothing about TLS.
func plainRule() *unstructured.Unstructured {
	return object("networking.istio.io/v1", "DestinationRule", "external", map[string]any{
		"host":          "external.example",
		"trafficPolicy": map[string]any{"loadBalancer": map[string]any{"simple": "ROUND_ROBIN"}},
	})
}
