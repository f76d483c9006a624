package oracle

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestLandings searches for correct configurations that do not land, or do not go, in a random order of writes, and for
// fixes that do not do what they say. LANDINGS names the patterns to make, all of them where it is empty.
func TestLandings(t *testing.T) {
	s := landingSearch{
		seed: number(t, "ORACLE_SEED", uint64(time.Now().UnixNano())), first: number(t, "ORACLE_FIRST", 0),
		sets: number(t, "ORACLE_MESHES", 3000), counts: map[string]int{}, examples: map[string]string{},
	}
	if only := os.Getenv("LANDINGS"); only != "" {
		s.only = strings.Split(only, ",")
	}
	t.Logf("ORACLE_SEED=%d ORACLE_FIRST=%d ORACLE_MESHES=%d", s.seed, s.first, s.sets)
	s.all(t)
}

// TestAmbientLandings does so for what leaves through a waypoint, in processes of their own with ambient mode on.
func TestAmbientLandings(t *testing.T) {
	seed := number(t, "ORACLE_SEED", uint64(time.Now().UnixNano()))
	first, sets := number(t, "ORACLE_FIRST", 0), number(t, "ORACLE_MESHES", 3000)/10
	if os.Getenv(ambientVariable) != "true" {
		inAmbientProcesses(t, seed, first, sets)
		return
	}
	s := landingSearch{seed: seed, first: first, sets: sets, counts: map[string]int{}, examples: map[string]string{}, ambient: true}
	s.all(t)
}

type landingSearch struct {
	seed, first, sets uint64
	ambient           bool
	only              []string

	mu       sync.Mutex
	total    LandingResult
	counts   map[string]int
	examples map[string]string
}

func (s *landingSearch) all(t *testing.T) {
	const workers = 2
	var group sync.WaitGroup
	for w := range uint64(workers) {
		group.Go(func() {
			evaluator, err := newEvaluator(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			lander := &Lander{Evaluator: evaluator}
			for i := s.first + w; i < s.first+s.sets; i += workers {
				s.one(t, lander, i)
			}
		})
	}
	group.Wait()
	t.Logf("%d sets, %d thrown away, %d landed; %d writes, %d of them again; %d fixes applied", s.sets,
		s.counts["thrown away"], uint64(s.counts["kept"]), s.total.Writes, s.total.Retries, s.total.Fixes)
	for _, name := range slices.Sorted(maps.Keys(s.counts)) {
		t.Logf("%8d  %s", s.counts[name], name)
	}
	for class, example := range s.examples {
		t.Errorf("%d like this one: %s", s.counts["WRONG "+class], example)
	}
}

func (s *landingSearch) one(t *testing.T, lander *Lander, i uint64) {
	g := NewGenerator(s.seed, i)
	make, land := func() Landing { return g.Landing(s.only...) }, lander.Land
	if s.ambient {
		make, land = g.AmbientLanding, lander.LandAmbient
	}
	set := make()
	r, err := land(t.Context(), i, set)
	if err != nil {
		t.Errorf("set %d: %v\n%s", i, err, set.Objects.YAML())
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := "kept"
	if r.Thrown != "" {
		kept = "thrown away"
	}
	s.counts[kept]++
	for name := range g.Coverage {
		s.counts[kept+": "+name]++
	}
	s.total.Writes, s.total.Retries, s.total.Fixes = s.total.Writes+r.Writes, s.total.Retries+r.Retries, s.total.Fixes+r.Fixes
	if r.Thrown != "" {
		if os.Getenv("LANDINGS") != "" && s.counts[kept] < 4 {
			t.Logf("thrown away: %s\n%s", r.Thrown, set.Objects.YAML())
		}
		return
	}
	s.counts["made better: "+r.Improved]++
	for _, wrong := range r.Wrong {
		class, _, _ := strings.Cut(wrong, ":")
		if s.counts["WRONG "+class]++; s.counts["WRONG "+class] == 1 {
			s.examples[class] = fmt.Sprintf("set %d: %s\n%s", i, wrong, set.Objects.YAML())
		}
	}
}
