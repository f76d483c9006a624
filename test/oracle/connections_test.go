package oracle

import "testing"

// TestConnections walks connections through the sidecars that Istio configures, to each port of each host, at its addresses, at
// others' and at one of nobody's, and holds the model's answer for each against where it ends. What is left out it counts.
func TestConnections(t *testing.T) {
	run := newRun(t, 10, func() comparer { return new(Farm).CompareConnections }, (*Generator).Mesh)
	run.all(t)
	left := 0
	for _, n := range run.total.LeftOut {
		left += n
	}
	t.Logf("%d connections compared, %d left out", run.total.Compared, left)
	if left > run.total.Compared/10 {
		t.Errorf("%d of %d connections are left out", left, left+run.total.Compared)
	}
}
