package certs

import (
	"testing"
	"testing/synctest"
	"time"
)

// A wiped bundle is back after one write: nothing is read first.
func TestWipedBundleIsBackAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 9)
		defer f.stopAll()
		f.start()
		f.start()
		time.Sleep(5 * time.Second)
		f.cluster.with(func(c *fakeCluster) { c.readsFail = true })
		for _, name := range []string{"mutate", "validate"} {
			f.cluster.wipeBundle(name)
			if f.refused() == "" {
				t.Fatal("nobody is refused without a bundle: the test proves nothing")
			}
			time.Sleep(5 * time.Millisecond)
			if why := f.refused(); why != "" {
				t.Errorf("5 ms after the wipe: %s", why)
			}
		}
	})
}

// Only the CA that this replica presents is repaired. One that leaves the bundles because nobody needs it is not added
// again.
func TestRepairLeavesTrimmedCAsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 10)
		defer f.stopAll()
		f.start()
		f.start()
		time.Sleep(5 * time.Second)
		before := 0
		f.cluster.with(func(c *fakeCluster) { before = c.publishes })
		f.cluster.requestRotation()
		f.watch(10 * time.Minute)
		f.cluster.with(func(c *fakeCluster) {
			// Two bundles, each extended once and trimmed once.
			if n := c.publishes - before; n != 4 {
				t.Errorf("a rotation took %d writes to the bundles, want 4", n)
			}
		})
	})
}
