package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

// target is an endpoint under load.
type target struct {
	name, url string
	*server
}

// result is what a target did over all its rounds.
type result struct {
	latencies []time.Duration
	rounds    []round
}

// round is what a target did in one slice of time.
type round struct {
	answers   int
	busy, cpu time.Duration
}

func (r round) throughput() float64 { return float64(r.answers) / r.busy.Seconds() }

// cpuPerAnswer is what the server's process computed for one answer, TLS and HTTP included.
func (r round) cpuPerAnswer() float64 { return r.cpu.Seconds() / float64(r.answers) }

// quantile returns the latency that a share q of the requests stayed within. Latencies must be sorted.
func (r *result) quantile(q float64) time.Duration {
	return r.latencies[min(int(q*float64(len(r.latencies))), len(r.latencies)-1)]
}

// interleave runs each target in turn, round by round, and drops the first round: connections, caches, the heap.
func interleave(ctx context.Context, o options, targets []target, m *mix, clients int) ([]result, error) {
	results := make([]result, len(targets))
	for round := range o.rounds + 1 {
		for i, t := range targets {
			latencies, slice, err := load(ctx, t, m, clients, o.slice)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", t.name, err)
			}
			if round > 0 {
				results[i].latencies = append(results[i].latencies, latencies...)
				results[i].rounds = append(results[i].rounds, slice)
			}
		}
	}
	for i := range results {
		slices.Sort(results[i].latencies)
	}
	return results, nil
}

// load asks a target with so many clients at once, each with all reviews in turn, for a while.
func load(ctx context.Context, t target, m *mix, clients int, length time.Duration) ([]time.Duration, round, error) {
	per := make([][]time.Duration, clients)
	errs := make([]error, clients)
	cpu := t.cpuTime()
	begin := time.Now()
	until := begin.Add(length)
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			for n := c; time.Now().Before(until) && ctx.Err() == nil; n++ {
				body := m.next(n)
				start := time.Now()
				if _, errs[c] = ask(ctx, t, body); errs[c] != nil {
					return
				}
				per[c] = append(per[c], time.Since(start))
			}
		})
	}
	wg.Wait()
	slice := round{busy: time.Since(begin), cpu: t.cpuTime() - cpu}
	latencies := slices.Concat(per...)
	slice.answers = len(latencies)
	err := errors.Join(append(errs, ctx.Err())...)
	if err == nil && slice.answers == 0 {
		err = fmt.Errorf("no answer within %s", length)
	}
	return latencies, slice, err
}

// ask returns the answer to one review.
func ask(ctx context.Context, t target, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := t.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %s", response.Status)
	}
	return answer, err
}
