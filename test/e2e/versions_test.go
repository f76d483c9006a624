package e2e

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/tlsward/tlsward/test/e2e/cluster"
)

// olderCommit is the first one that has all of what versions share in a cluster: companions, Exemptions and ceilings by namespace.
const olderCommit = "79b686e24177c20bc6c88376f87868261bd12e9f"

// olderProgram builds the program of olderCommit, which takes minutes and a clone with its history.
func olderProgram(t *testing.T) string {
	t.Helper()
	if os.Getenv("TLSWARD_VERSIONS") == "" {
		t.Skip("builds an older version: make test-versions")
	}
	root, err := cluster.Root()
	if err != nil {
		t.Fatal(err)
	}
	archive := exec.CommandContext(t.Context(), "git", "-C", root, "archive", "--format=tar", olderCommit)
	source, err := archive.Output()
	if err != nil {
		t.Fatalf("no history to build an older version of (git archive %s: %v): fetch all of it", olderCommit, err)
	}
	dir := t.TempDir()
	unpack := exec.CommandContext(t.Context(), "tar", "-x", "-C", dir)
	unpack.Stdin = bytes.NewReader(source)
	if out, err := unpack.CombinedOutput(); err != nil {
		t.Fatalf("unpack the older version: %v\n%s", err, out)
	}
	program := filepath.Join(dir, "tlsward")
	build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", program, "./cmd/tlsward")
	build.Dir = dir
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the older version: %v\n%s", err, out)
	}
	return program
}

// An older version and this one run side by side, take each other's place, and change back again, with companions, an Exemption and a
// ceiling of a namespace in place: both judge alike, the companions stay as they are, and what comes anew is kept by whoever leads.
func TestVersionsSideBySide(t *testing.T) {
	older := olderProgram(t)
	own := startCluster(t)
	for _, install := range []func(context.Context) error{own.InstallCRDs, own.InstallExemptions} {
		if err := install(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	config := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(config, []byte("apiVersion: tlsward.io/v1alpha1\nkind: Config\nenforcementByNamespace: true\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := newFleet(t, own, older, "--exemptions", "--config", config)
	changes := f.watchCompanions()
	legacy := namespace(team(2))
	legacy.SetLabels(map[string]string{"tlsward.io/enforcement": "audit"})
	labelNamespace(t.Context(), t, f.stage.seed, legacy)
	for _, o := range []*unstructured.Unstructured{plainEntry(), exemption("partner", nil)} {
		needNamespace(t.Context(), t, f.stage.seed, o.GetNamespace())
		if _, err := f.stage.seed.of(o).Create(t.Context(), o, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	entries, rules := 0, 0
	more := func(what string) {
		t.Helper()
		for range batch {
			f.store("ServiceEntry", entries)
			entries++
		}
		for range batch / 4 {
			f.store("DestinationRule", rules)
			rules++
		}
		f.await(what, func(n int) bool { return n == entries-rules })
	}
	more("two old replicas")
	f.judgeAlike()
	for _, next := range []struct{ name, program string }{{"upgrade", binary}, {"downgrade", older}, {"upgrade again", binary}} {
		before, outgoing := f.companions(), f.alive
		f.server.program.Binary = next.program
		f.alive = nil
		f.start()
		f.start()
		incoming := f.alive
		f.alive = append(append([]*cluster.Replica{}, outgoing...), incoming...)
		f.judgeAlike()
		f.awaitLeader()
		more(next.name + ", side by side")
		for _, r := range outgoing {
			if err := r.Stop(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		f.alive = incoming
		f.awaitLeader()
		more(next.name + ", those that came alone")
		f.judgeAlike()
		time.Sleep(3 * time.Second)
		after := f.companions()
		for name, version := range before {
			if now, there := after[name]; there && now != version {
				t.Errorf("%s: %s was %s and is %s", next.name, name, version, now)
			}
		}
	}
	// Each companion came once, and went once for a person's rule.
	if got := changes(); got[watch.Added]-got[watch.Deleted] != entries-rules || got[watch.Added] > entries || got[watch.Modified] > 0 {
		t.Errorf("%v for %d entries and %d rules", got, entries, rules)
	} else {
		t.Logf("%v for %d entries and %d rules", got, entries, rules)
	}
}

// watchCompanions counts how companions change from now on.
func (f *fleet) watchCompanions() func() map[watch.EventType]int {
	f.t.Helper()
	ctx, stop := context.WithCancel(f.t.Context())
	seen, err := f.stage.seed.Resource(rulesResource).Watch(ctx, metav1.ListOptions{LabelSelector: "tlsward.io/companion"})
	if err != nil {
		stop()
		f.t.Fatal(err)
	}
	counts, ended := map[watch.EventType]int{}, make(chan struct{})
	go func() {
		defer close(ended)
		for event := range seen.ResultChan() {
			counts[event.Type]++
		}
	}()
	return func() map[watch.EventType]int {
		stop()
		<-ended
		delete(counts, watch.Error) // the end
		return maps.Clone(counts)
	}
}

// judgeAlike has each replica judge what is refused, what the ceiling of its namespace lets pass, and what an Exemption does.
func (f *fleet) judgeAlike() {
	f.t.Helper()
	for i, r := range f.alive {
		if err := f.plane.Register(f.t.Context(), cluster.Webhooks{URL: r.URL(), CA: f.pair.CA}); err != nil {
			f.t.Fatal(err)
		}
		open := func(namespace string) *unstructured.Unstructured {
			return &unstructured.Unstructured{Object: map[string]any{"apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy",
				"metadata": map[string]any{"name": "open", "namespace": namespace}, "spec": map[string]any{"rules": []any{map[string]any{}}}}}
		}
		for _, c := range []struct {
			name, decision string
			object         *unstructured.Unstructured
		}{
			{"an open policy", "deny", open(team(0))}, {"one in a namespace under audit", "allow", open(team(2))},
			{"a rule that is exempt", "allow", disabledRule()},
		} {
			f.judges(fmt.Sprintf("replica %d of %d, %s", i+1, len(f.alive), c.name), c.decision, c.object)
		}
	}
}

// judges sends an object as a dry run until the answer is the one that is due: a configuration of webhooks is read a moment later.
func (f *fleet) judges(what, want string, object *unstructured.Unstructured) {
	f.t.Helper()
	got := outcome{}
	for deadline := time.Now().Add(catchUp); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		o := object.DeepCopy()
		answered, err := f.stage.admin.of(o).Create(f.t.Context(), o, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		if got = read(answered, err, nil); got.decision == want {
			return
		}
	}
	f.t.Errorf("%s: want %s, got %s", what, want, got.decision)
}
