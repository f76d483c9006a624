package fairqueue

import "time"

// usageSpan is how long usage is counted together: what was used counts for at least this long, and at most for twice.
const usageSpan = 30 * time.Second

// usage is how long each flow has held seats lately.
type usage struct {
	// since is when current began; recent is current and the span before it.
	since           time.Time
	current, recent map[Flow]time.Duration
	// sum and most are those of recent.
	sum, most time.Duration
}

func newUsage() usage {
	return usage{current: map[Flow]time.Duration{}, recent: map[Flow]time.Duration{}}
}

// add counts that a flow has held a seat for so long.
func (u *usage) add(f Flow, held time.Duration, now time.Time) {
	u.advance(now)
	u.current[f] += held
	u.recent[f] += held
	u.sum += held
	u.most = max(u.most, u.recent[f])
}

// advance begins another span where the current one is over.
func (u *usage) advance(now time.Time) {
	if now.Sub(u.since) < usageSpan {
		return
	}
	if now.Sub(u.since) >= 2*usageSpan {
		clear(u.current)
	}
	u.since, u.recent, u.current = now, u.current, map[Flow]time.Duration{}
	u.sum, u.most = 0, 0
	for _, held := range u.recent {
		u.sum, u.most = u.sum+held, max(u.most, held)
	}
}

// heavy reports whether a flow is one of those that use the most: it has used more than the mean of all flows, and more
// than a quarter of what the heaviest has. The mean leaves all processors to a flow that is alone, and to flows that use
// about the same; the quarter keeps a busy flow apart from one that floods.
func (u *usage) heavy(f Flow, now time.Time) bool {
	u.advance(now)
	used := u.recent[f]
	return used*time.Duration(len(u.recent)) > u.sum && 4*used > u.most
}
