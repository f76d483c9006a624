package oracle

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// orderedDir has the sets that test/e2e writes in every order, and ordersDir also how these and the published ones end there.
const (
	ordersDir  = "../order/testdata"
	orderedDir = ordersDir + "/generated"
)

// TestOrderedSets sees that the sets which test/e2e writes in every order are under checked TLS by Istio's account, and so is what
// is stored at their ends, whatever the ages of the objects. ORDERED_SETS=write makes the sets anew.
func TestOrderedSets(t *testing.T) {
	ambient := os.Getenv(ambientVariable) == "true"
	if !ambient {
		inAmbientProcess(t, 0, 0, 0)
	}
	lander := &Lander{}
	incorrect := lander.incorrect
	if ambient {
		incorrect = incorrectAmbient
	}
	if os.Getenv("ORDERED_SETS") == "write" {
		writeOrderedSets(t, lander, ambient)
	}
	checked := 0
	for _, pattern := range []string{"generated/*.yaml", "generated/ends/*.yaml", "published/*.yaml"} {
		files, err := filepath.Glob(filepath.Join(ordersDir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasPrefix(filepath.Base(file), "waypoint-") != ambient {
				continue
			}
			checked++
			wrong, err := incorrectAtAnyAge(readSet(t, file), incorrect)
			if err != nil || wrong != "" {
				t.Errorf("%s: %s%v", file, wrong, err)
			}
		}
	}
	t.Logf("%d sets and ends are under checked TLS", checked)
	if checked < 8 {
		t.Errorf("only %d files", checked)
	}
}

func readSet(t *testing.T, file string) Landing {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	set, err := readOrderedSet(string(raw))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func writeOrderedSets(t *testing.T, lander *Lander, ambient bool) {
	t.Helper()
	const seed = 14
	make := func() ([]OrderedSet, error) { return orderedSets(seed, lander) }
	if ambient {
		make = func() ([]OrderedSet, error) { return orderedAmbientSets(seed) }
	}
	sets, err := make()
	if err != nil {
		t.Fatal(err)
	}
	for _, set := range sets {
		if err := os.WriteFile(filepath.Join(orderedDir, set.Name+".yaml"), []byte(set.YAML()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d sets are written", len(sets))
}
