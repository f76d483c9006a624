package order_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	jsonpatch "github.com/evanphx/json-patch/v5"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies"
	"github.com/tlsward/tlsward/webhook/admission"
)

// fewOrders is in how many orders a generated set is applied as a rule; TLSWARD_ORDERS=all makes it all of them.
const fewOrders = 8

// TestGeneratedSetsEndAlike applies each set under testdata/generated, which Istio's own generator has found correct (TestOrderedSets in
// test/oracle), in many orders, what is refused again after the rest, and completes what came too early: what is stored then is the same, and nothing of
// it is refused, completed further or warned of. test/e2e does so on a real API server, with the controllers of the server.
func TestGeneratedSetsEndAlike(t *testing.T) {
	config := v1alpha1.DefaultConfig()
	config.Evaluation.Timeout = v1alpha1.Duration(time.Minute) // a busy machine decides nothing
	judge, err := admission.NewEvaluator(context.Background(), config)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("testdata/generated/*.yaml")
	if err != nil || len(files) < 40 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	applied := 0
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			var given []*mesh.Object
			var objects [][]byte
			for _, raw := range read(t, file) {
				o, err := mesh.Decode(raw)
				if err != nil {
					t.Fatal(err)
				}
				if o.Kind == mesh.KindService || o.Kind == mesh.KindNamespace {
					given = append(given, o)
				} else {
					objects = append(objects, raw)
				}
			}
			// A rule beside the waypoint and an entry elsewhere leave the sidecars of others without TLS, which is said, as it is in order
			// for ambient clients.
			forOthers := bytes.Contains(text(t, file), []byte("istio.io/use-waypoint-namespace"))
			ends := map[string][]int{}
			for _, order := range sample(permutations(len(objects))) {
				c := &cluster{t: t, judge: judge, snap: mesh.New(mesh.DefaultSettings(), given...), stored: map[mesh.Ref][]byte{}}
				c.land(pick(objects, order), order)
				c.complete()
				if !forOthers {
					c.settled(fmt.Sprint(order))
				}
				ends[c.end()] = order
				applied++
			}
			if len(ends) != 1 {
				t.Errorf("%d ends: %s", len(ends), slices.Sorted(maps.Keys(ends)))
			}
		})
	}
	t.Logf("%d orders of %d sets", applied, len(files))
}

func sample(all [][]int) [][]int {
	if os.Getenv("TLSWARD_ORDERS") == "all" || len(all) <= fewOrders {
		return all
	}
	random := rand.New(rand.NewPCG(1, uint64(len(all))))
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:fewOrders]
}

// land applies objects, and what is refused after the rest, as often as there are objects.
func (c *cluster) land(objects [][]byte, order []int) {
	left := objects
	for range objects {
		var refused [][]byte
		for _, raw := range left {
			r := admission.Review{Operation: policies.Create, Object: raw}
			if d := c.judgeReview(&r); d.Allowed {
				c.put(r.Object)
			} else {
				refused = append(refused, raw)
			}
		}
		if left = refused; len(left) == 0 {
			return
		}
	}
	c.t.Errorf("order %v: refused for good: %s", order, left)
}

// complete fills in what stored rules and entries lack, as the completer of the server does.
func (c *cluster) complete() {
	for range c.stored {
		var objects [][]byte
		for ref, raw := range c.stored {
			if ref.Kind == mesh.KindServiceEntry || ref.Kind == mesh.KindDestinationRule {
				objects = append(objects, raw)
			}
		}
		completions, err := c.judge.Completions(c.t.Context(), c.snap, objects)
		if err != nil {
			c.t.Fatal(err)
		}
		if len(completions) == 0 {
			return
		}
		for _, completion := range completions {
			if completion.Withheld != "" {
				c.t.Errorf("%s is not completed: %s", completion.Ref, completion.Withheld)
				return
			}
			c.put(patched(c.t, completion))
		}
	}
	c.t.Error("it has no end")
}

func patched(t *testing.T, completion admission.Completion) []byte {
	t.Helper()
	raw, err := json.Marshal(completion.Patch)
	if err != nil {
		t.Fatal(err)
	}
	patch, err := jsonpatch.DecodePatch(raw)
	if err != nil {
		t.Fatal(err)
	}
	object, err := patch.Apply(completion.Read)
	if err != nil {
		t.Fatal(err)
	}
	return object
}

func (c *cluster) put(raw []byte) {
	o := c.decode(raw)
	c.snap, c.stored[o.Ref] = c.snap.With(o), raw
}

func text(t *testing.T, file string) []byte {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func (c *cluster) end() string {
	var lines []string
	for ref, raw := range c.stored {
		lines = append(lines, fmt.Sprintf("%s %s", ref, raw))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
