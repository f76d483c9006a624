package main

import (
	"fmt"
	"time"
)

func printHead() {
	fmt.Println("| objects | reviews | clients | endpoint | reviews/s | p50 | p90 | p99 | throughput b/a | p50 b/a | p50 added |")
	fmt.Println("|--:|---|--:|---|--:|--:|--:|--:|--:|--:|--:|")
}

// printResults prints a row a target; the first is what the others are compared with.
func printResults(objects, clients int, reviews *mix, targets []target, results []result) {
	base := &results[0]
	for i := range results {
		r := &results[i]
		ratio, slower, added := "", "", ""
		if i > 0 {
			slower = fmt.Sprintf("%.2f", float64(r.quantile(.5))/float64(base.quantile(.5)))
			ratio = fmt.Sprintf("%.2f", r.throughput()/base.throughput())
			added = milliseconds(r.quantile(.5) - base.quantile(.5))
		}
		fmt.Printf("| %d | %s | %d | %s | %.0f | %s | %s | %s | %s | %s | %s |\n", objects, reviews, clients, targets[i].name, r.throughput(),
			milliseconds(r.quantile(.5)), milliseconds(r.quantile(.9)), milliseconds(r.quantile(.99)), ratio, slower, added)
	}
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000)
}
