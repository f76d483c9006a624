package main

import (
	"fmt"
	"slices"
	"time"
)

func printHead() {
	fmt.Println("| objects | every review | clients | endpoint | reviews/s | p50 | p99 | throughput b/a | CPU b/a | p50 b/a |")
	fmt.Println("|--:|---|--:|---|--:|--:|--:|--:|--:|--:|")
}

// printResults prints a row a target; the first is what the others are compared with, round by round.
func printResults(objects, clients int, reviews *mix, targets []target, results []result) {
	base := &results[0]
	for i := range results {
		r := &results[i]
		throughput, cpu, slower := "", "", ""
		if i > 0 {
			throughput = ratio(r.rounds, base.rounds, round.throughput)
			cpu = ratio(r.rounds, base.rounds, round.cpuPerAnswer)
			slower = fmt.Sprintf("%.2f", float64(r.quantile(.5))/float64(base.quantile(.5)))
		}
		fmt.Printf("| %d | %s | %d | %s | %.0f | %s | %s | %s | %s | %s |\n", objects, reviews.name, clients, targets[i].name,
			median(of(r.rounds, round.throughput)), milliseconds(r.quantile(.5)), milliseconds(r.quantile(.99)), throughput, cpu, slower)
	}
}

// ratio returns the median over all rounds of b's figure against a's in the same round, and between what half of them are.
func ratio(b, a []round, figure func(round) float64) string {
	ratios := of(b, figure)
	for i := range ratios {
		ratios[i] /= figure(a[i])
	}
	slices.Sort(ratios)
	return fmt.Sprintf("%.2f (%.2f to %.2f)", median(ratios), ratios[len(ratios)/4], ratios[len(ratios)*3/4])
}

func of(rounds []round, figure func(round) float64) []float64 {
	var all []float64
	for _, r := range rounds {
		all = append(all, figure(r))
	}
	return all
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000)
}
