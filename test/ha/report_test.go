package ha

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// report returns the table of a run, in Markdown.
func report(p plan, s *stage, counts *tally) string {
	var b strings.Builder
	fmt.Fprintf(&b,
		"%d replicas, %d clients, %s, %d writes judged in %d reviews, %d CA rotations, %d starts of a replica; longest time to ready %s.\n",
		p.replicas, p.clients, time.Since(counts.began).Round(time.Second), counts.total(), counts.reviews(), s.rotated.Load(), s.fleet.starts,
		s.fleet.slowest.Round(10*time.Millisecond))
	if n := len(s.heals); n > 0 {
		slices.Sort(s.heals)
		fmt.Fprintf(&b, "%d wiped caBundles were back after %s in the median, %s at most.\n", n, s.heals[n/2].Round(time.Millisecond),
			s.heals[n-1].Round(time.Millisecond))
	}
	fmt.Fprintln(&b)
	fmt.Fprint(&b, "| during | times | writes judged | failed: tlsward |")
	for _, cause := range causes() {
		fmt.Fprintf(&b, " failed: %s |", cause)
	}
	fmt.Fprintln(&b, " invalid stored | valid refused | stored uncompleted | slowest write |")
	fmt.Fprintln(&b, "|---|"+strings.Repeat("---:|", 7+len(causes())))
	for _, event := range append(events(), calm) {
		times := "-"
		if event != calm {
			times = fmt.Sprint(p.times[event])
		}
		fmt.Fprintf(&b, "| %s | %s | %d | %d |", event, times, counts.during[event], counts.count(failures, "", event))
		for _, cause := range causes() {
			n := counts.count(failures, cause, event)
			if cause == planeAway {
				n += counts.count(planeDown, "", event) + counts.count(planeDown, planeAway, event)
			}
			fmt.Fprintf(&b, " %d |", n)
		}
		fmt.Fprintf(&b, " %d | %s | %s | %s |\n", counts.count(invalidStored, "", event), counts.apart(validRefused, event),
			counts.apart(incomplete, event), counts.slowest[event].Round(time.Millisecond))
	}
	return b.String()
}

// apart returns a count, and after a plus what owes to causes that are not tlsward's.
func (t *tally) apart(kind, event string) string {
	others := 0
	for _, cause := range causes() {
		others += t.count(kind, cause, event)
	}
	own := t.count(kind, "", event)
	if others == 0 {
		return fmt.Sprint(own)
	}
	return fmt.Sprintf("%d + %d", own, others)
}

// total counts the writes that got a judgement.
func (t *tally) total() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := 0
	for _, v := range t.writes {
		n += v
	}
	return n
}
