package oracle

import (
	"maps"
	"slices"
	"sync"
	"testing"
)

// TestConnections walks connections through the sidecars that Istio configures and counts by kind where the model says
// something else, those apart of which the model should know it (isDecidedBy). It does not fail for these yet: a few are left.
func TestConnections(t *testing.T) {
	run := newRun(t, 10, func() comparer { return new(Farm).CompareConnections }, (*Generator).Mesh)
	tally := tally{kinds: map[string]int{}, first: map[string]string{}, wrong: map[string]int{}}
	var workers sync.WaitGroup
	for w := range run.workers {
		workers.Go(func() {
			compare := run.comparer()
			for i := run.first + w; i < run.first+run.meshes; i += run.workers {
				m := run.make(NewGenerator(run.seed, i))
				result, err := compare(m)
				if err != nil {
					t.Errorf("mesh %d: %v\n%s", i, err, m.YAML())
					return
				}
				tally.add(result, m)
			}
		})
	}
	workers.Wait()
	tally.log(t)
}

// tally counts disagreements by kind.
type tally struct {
	mu       sync.Mutex
	compared int
	decided  int
	kinds    map[string]int
	// first is one disagreement of each kind; wrong are the kinds of which the model claims to know where they end.
	first map[string]string
	wrong map[string]int
}

func (c *tally) add(r Result, m Mesh) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.compared += r.Compared
	c.decided += r.Decided
	for _, d := range r.Found {
		if d.Decides {
			if c.wrong[d.Protocol]++; c.wrong[d.Protocol] == 1 {
				c.first[d.Protocol] = d.String() + "\n" + m.YAML()
			}
		}
		c.kinds[d.Protocol]++
		if c.first[d.Protocol] == "" {
			c.first[d.Protocol] = d.String() + "\n" + m.YAML()
		}
	}
}

func (c *tally) log(t *testing.T) {
	total := 0
	for _, n := range c.kinds {
		total += n
	}
	t.Logf("%d connections, %d of them end elsewhere than the model says; it should know %d", c.compared, total, c.decided)
	for _, kind := range slices.Sorted(maps.Keys(c.wrong)) {
		t.Logf("%6d  of those that it should know: %s", c.wrong[kind], kind)
	}
	kinds := slices.SortedFunc(maps.Keys(c.kinds), func(a, b string) int { return c.kinds[b] - c.kinds[a] })
	for _, kind := range kinds {
		t.Logf("%6d  %s", c.kinds[kind], kind)
	}
	if testing.Verbose() {
		for _, kind := range kinds {
			t.Logf("for example, %s", c.first[kind])
		}
	}
}
