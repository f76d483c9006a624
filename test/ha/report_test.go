package ha

import (
	"fmt"
	"strings"
	"time"
)

// report gives the table of a run, in Markdown.
func report(p plan, s *stage, counts *tally) string {
	reviews := counts.reviews()
	counts.mu.Lock()
	defer counts.mu.Unlock()
	var b strings.Builder
	total := 0
	for _, n := range counts.writes {
		total += n
	}
	fmt.Fprintf(&b,
		"%d replicas, %d clients, %s, %d writes judged in %d reviews, %d CA rotations, %d starts of a replica; longest time to ready %s.\n\n",
		p.replicas, p.clients, time.Since(counts.began).Round(time.Second), total, reviews, s.rotated.Load(), s.fleet.starts,
		s.fleet.slowest.Round(10*time.Millisecond))
	fmt.Fprintln(&b, "| during | times | writes judged | failed: webhook | failed: control plane | invalid stored | valid refused | stored uncompleted | slowest write |")
	fmt.Fprintln(&b, "|---|---:|---:|---:|---:|---:|---:|---:|---:|")
	for _, event := range append(events(), calm) {
		times := "-"
		if event != calm {
			times = fmt.Sprint(p.times[event])
		}
		fmt.Fprintf(&b, "| %s | %s | %d | %d | %d | %d | %d | %d | %s |\n", event, times, counts.during[event],
			counts.mishaps[failures][event], counts.mishaps[planeDown][event], counts.mishaps[invalidStored][event],
			counts.mishaps[validRefused][event], counts.mishaps[incomplete][event],
			counts.slowest[event].Round(time.Millisecond))
	}
	return b.String()
}
