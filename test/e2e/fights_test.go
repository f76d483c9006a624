package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tlsward/tlsward/test/e2e/cluster"
)

// reviewed is how many reviews are timed before and after, and left how long nothing is written until somebody has won.
const (
	reviewed = 60
	left     = 10 * time.Second
)

// Somebody who changes back what tlsward writes, for ever, wins after three rounds: a companion that is changed, one that is deleted, and
// a completion that is undone. That is counted and told, no more is written, and no review waits.
func TestWhoeverFlipsItBackWins(t *testing.T) {
	own := startCluster(t)
	if err := own.InstallCRDs(t.Context()); err != nil {
		t.Fatal(err)
	}
	stage := newStage(t, own)
	needNamespace(t.Context(), t, stage.seed, "home")
	config := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(config, []byte("apiVersion: tlsward.io/v1alpha1\nkind: Config\nmutation: {existing: complete}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	writer, err := own.Kubeconfig("writer", "system:masters")
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(t, own, "--companions", "--existing", "--namespace", "home", "--kubeconfig", writer, "--config", config)
	replica := s.start(t)
	s.register(t, replica.URL())
	entry := func(name string, target map[string]any) *unstructured.Unstructured {
		port := map[string]any{"number": int64(80), "name": "http", "protocol": "HTTP"}
		for k, v := range target {
			port[k] = v
		}
		return object("networking.istio.io/v1", "ServiceEntry", name, map[string]any{
			"hosts": []any{name + ".example"}, "resolution": "DNS", "location": "MESH_EXTERNAL", "ports": []any{port}})
	}
	moved := map[string]any{"targetPort": int64(443)}
	undone := entry("undone", nil)
	rule := object("networking.istio.io/v1", "DestinationRule", "undone", map[string]any{"host": "undone.example",
		"trafficPolicy": map[string]any{"tls": map[string]any{"mode": "SIMPLE"}}})
	for _, o := range []*unstructured.Unstructured{entry("changed", moved), entry("deleted", moved), undone, rule} {
		if _, err := stage.seed.of(o).Create(t.Context(), o.DeepCopy(), metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	companion := func(name string) *unstructured.Unstructured {
		return object("networking.istio.io/v1", "DestinationRule", "tlsward-"+name+".example", nil)
	}
	isKept := func(name string) bool {
		stored := stage.seed.stored(t.Context(), t, companion(name))
		if stored == nil {
			return false
		}
		policy, _, _ := unstructured.NestedMap(stored.Object, "spec", "trafficPolicy")
		return policy["portLevelSettings"] != nil
	}
	isCompleted := func() bool {
		ports, _, _ := unstructured.NestedSlice(stage.seed.stored(t.Context(), t, undone).Object, "spec", "ports")
		return ports[0].(map[string]any)["targetPort"] != nil
	}
	quiet := reviewTimes(t, stage)
	seed := func(o *unstructured.Unstructured, patch string) {
		if _, err := stage.seed.of(o).Patch(t.Context(), o.GetName(), types.MergePatchType, []byte(patch), metav1.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	rounds := map[string]int{}
	began := time.Now()
	last := began
	for time.Since(began) < 2*time.Minute && (len(rounds) < 3 || time.Since(last) < left) {
		if isKept("changed") {
			last = time.Now()
			rounds["changed"]++
			seed(companion("changed"), `{"spec":{"trafficPolicy":null}}`)
		}
		if isKept("deleted") {
			last = time.Now()
			rounds["deleted"]++
			if err := stage.seed.of(rule).Delete(t.Context(), companion("deleted").GetName(), metav1.DeleteOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		if isCompleted() {
			last = time.Now()
			rounds["undone"]++
			seed(undone, `{"spec":{"ports":[{"number":80,"name":"http","protocol":"HTTP"}]}}`)
		}
		time.Sleep(100 * time.Millisecond)
	}
	busy := reviewTimes(t, stage)
	t.Logf("rounds until it was left: %v in %s; a review at p50: %s before, %s after", rounds, time.Since(began).Round(time.Second), quiet, busy)
	for _, name := range []string{"changed", "deleted", "undone"} {
		if rounds[name] != 3 {
			t.Errorf("%s: %d rounds", name, rounds[name])
		}
	}
	for metric, want := range map[string]float64{
		"tlsward_companions_left_total": 2, "tlsward_companions_withheld": 2, "tlsward_companion_writes_total": 6,
		"tlsward_completions_total": 3, "tlsward_incomplete": 1,
	} {
		if got := metricOf(t, replica, metric); got != want {
			t.Errorf("%s is %v, want %v", metric, got, want)
		}
	}
}

func metricOf(t *testing.T, r *cluster.Replica, name string) float64 {
	t.Helper()
	got, err := r.Metric(t.Context(), name)
	if err != nil {
		t.Fatal(fmt.Errorf("%s: %w", name, err))
	}
	return got
}

// reviewTimes returns the middle one of the times of writes that are reviewed.
func reviewTimes(t *testing.T, s stage) time.Duration {
	t.Helper()
	var all []time.Duration
	for range reviewed {
		o := plainEntry()
		began := time.Now()
		if _, err := s.admin.of(o).Create(t.Context(), o, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}); err != nil {
			t.Fatal(err)
		}
		all = append(all, time.Since(began))
	}
	slices.Sort(all)
	return all[len(all)/2].Round(100 * time.Microsecond)
}
