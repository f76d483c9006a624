package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/tlsward/tlsward/internal/golden"
)

const (
	// generatedSets are correct by Istio's own account (TestOrderedSets in test/oracle), which makes them, and holds their ends to it, too.
	generatedSets = "../order/testdata/generated"
	// fewOrders is in how many orders a generated set is applied as a rule. TLSWARD_ORDERS=all makes it all of them for up to five
	// objects, and manyOrders for more.
	fewOrders, manyOrders = 4, 120
)

// Each generated set ends as the same objects, whatever the order. -update writes the ends.
func TestGeneratedSetsAnyOrderOneEnd(t *testing.T) {
	o := newOrders(t, plane)
	o.playSets(t, func(name string) bool { return !strings.HasPrefix(name, "waypoint-") })
	o.enough(t, 100)
}

// The same where waypoints lead out: the shared control plane has no Gateway API.
func TestGeneratedWaypointsAnyOrderOneEnd(t *testing.T) {
	own := startCluster(t)
	if err := own.InstallCRDs(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := own.InstallGateways(t.Context()); err != nil {
		t.Fatal(err)
	}
	o := newOrders(t, own)
	o.playSets(t, func(name string) bool { return strings.HasPrefix(name, "waypoint-") })
	o.enough(t, 20)
}

func (o *orders) playSets(t *testing.T, wanted func(name string) bool) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(generatedSets, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if name := filepath.Base(file); wanted(name) {
			t.Run(strings.TrimSuffix(name, ".yaml"), func(t *testing.T) { o.playSet(t, file) })
		}
	}
}

// playSet applies a set in orders, and compares each end with that of the golden file.
func (o *orders) playSet(t *testing.T, file string) {
	before, given, objects := readSet(t, file)
	most, all := fewOrders, os.Getenv("TLSWARD_ORDERS") == "all"
	if all {
		most = manyOrders
	}
	end := filepath.Join(generatedSets, "ends", filepath.Base(file))
	stored, err := os.ReadFile(end)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	want := strings.TrimPrefix(string(stored), before)
	for i, order := range someOrders(len(objects), most) {
		o.apply(t, given, objects, order)
		got := o.awaitThis(t, want)
		if all { // and it stays so
			got = o.awaitEnd(t, steady)
		} else if i == 0 {
			got = o.awaitEnd(t, steady/3)
		}
		if i == 0 {
			golden.Equal(t, end, before+got)
			want = got
		} else if got != want {
			t.Errorf("order %v ends in\n%s\nand the first order in\n%s", order, got, want)
		}
	}
}

// readSet reads a set: what is there before, also as the file has it, and what is applied.
func readSet(t *testing.T, file string) (before string, given []map[string]any, objects []*unstructured.Unstructured) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for document := range strings.SplitSeq(string(raw), "\n---\n") {
		var o map[string]any
		if err := yaml.Unmarshal([]byte(document), &o); err != nil {
			t.Fatal(fmt.Errorf("read %s: %w", file, err))
		}
		if o["apiVersion"] == "v1" {
			before += strings.TrimSuffix(document, "\n") + "\n---\n"
			given = append(given, o)
			continue
		}
		objects = append(objects, &unstructured.Unstructured{Object: o})
	}
	for _, o := range objects {
		o.SetCreationTimestamp(metav1.Time{})
	}
	return before, given, objects
}
