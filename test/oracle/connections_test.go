package oracle

import "testing"

// TestConnections walks connections through the sidecars that Istio configures, to each port of each host, at its addresses, at
// others' and at one of nobody's, and holds the model's answer for each against where it ends. What is left out it counts.
func TestConnections(t *testing.T) {
	run := newRun(t, 10, func() comparer { return new(Farm).CompareConnections }, (*Generator).Mesh)
	run.all(t)
	run.leftOut(t, 10)
}

// TestAmbientConnections does so for what comes out of the tunnels of waypoints, at the VIPs of the hosts for which they stand, in a
// process with ambient mode on.
func TestAmbientConnections(t *testing.T) {
	run := newRun(t, 10, func() comparer { return CompareAmbientConnections }, (*Generator).AmbientMesh)
	if !ambient(t, run.seed) {
		return
	}
	run.all(t)
	run.leftOut(t, 2) // many hosts have several addresses
}

// leftOut fails where more connections are left out than this part of those that are compared.
func (r *run) leftOut(t *testing.T, part int) {
	t.Helper()
	left := 0
	for _, n := range r.total.LeftOut {
		left += n
	}
	t.Logf("%d connections compared, %d left out", r.total.Compared, left)
	if left > r.total.Compared/part {
		t.Errorf("%d of %d connections are left out", left, left+r.total.Compared)
	}
}

// TestVerify has `tlsward verify` compare the sidecars that Istio configures with the model: on all that it asks about they agree.
func TestVerify(t *testing.T) {
	run := newRun(t, 10, func() comparer { return new(Farm).CompareVerify }, (*Generator).Mesh)
	run.all(t)
	run.leftOut(t, 10)
}
