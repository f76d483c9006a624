package ha

import (
	"context"
	"maps"
	"os"
	"slices"
	"strings"
	"time"
)

// plan is what happens in a run.
type plan struct {
	replicas, clients int
	// times says how often each event happens.
	times map[string]int
	// rotations is how many CA rotations must be seen, those that were merely due among them.
	rotations int
	// reviews is how many reviews must have been answered.
	reviews int
}

// The events.
const (
	rolling     = "rolling restart"
	killing     = "kill -9 of a replica"
	apiRestart  = "crash of the API server"
	etcdRestart = "crash of etcd"
	wipedBundle = "wiped caBundle"
	lostSecret  = "deleted CA Secret"
	fullDisk    = "full disk under the log"
	slowReaders = "slow readers"
	wipedBoth   = "both caBundles wiped"
	upgrade     = "helm upgrade"
	rotation    = "CA rotation that is asked for"
)

// events lists them in the order of a round.
func events() []string {
	return []string{rolling, killing, rotation, wipedBundle, lostSecret, apiRestart, fullDisk, etcdRestart, slowReaders, wipedBoth, upgrade}
}

// theShort fits into the tests of every change.
func theShort() plan {
	times := map[string]int{}
	for _, e := range events() {
		times[e] = 1
	}
	delete(times, upgrade) // helm would have to be built first
	return plan{replicas: 2, clients: 4, times: times, rotations: 2, reviews: 1000}
}

// theLong is `make test-ha`.
func theLong() plan {
	return plan{replicas: 3, clients: 8, rotations: 22, reviews: 20000, times: map[string]int{
		rolling: 20, rotation: 20, killing: 10, wipedBundle: 5, lostSecret: 5, apiRestart: 5, fullDisk: 3, etcdRestart: 3,
		slowReaders: 3, wipedBoth: 5, upgrade: 10,
	}}
}

// planned is the run that is asked for. TLSWARD_HA_ONLY names the only events of it, with commas.
func planned() plan {
	p := theShort()
	if os.Getenv("TLSWARD_HA") == "long" {
		p = theLong()
	}
	if only := os.Getenv("TLSWARD_HA_ONLY"); only != "" {
		maps.DeleteFunc(p.times, func(event string, _ int) bool { return !slices.Contains(strings.Split(only, ","), event) })
		p.rotations, p.reviews = p.times[rotation], 0
	}
	return p
}

// queue spreads the events over the run: in each round every event that is not used up.
func (p plan) queue() []string {
	left := map[string]int{}
	for e, n := range p.times {
		left[e] = n
	}
	var out []string
	for more := true; more; {
		more = false
		for _, e := range events() {
			if left[e] > 0 {
				left[e]--
				more = true
				out = append(out, e)
			}
		}
	}
	return out
}

// pause waits, unless ctx ends first.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
