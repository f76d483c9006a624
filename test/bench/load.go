package main

import (
	"bytes"
	"context"
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
	client    *http.Client
}

// result is what a target did over all its slices.
type result struct {
	latencies []time.Duration
	busy      time.Duration
}

func (r *result) throughput() float64 { return float64(len(r.latencies)) / r.busy.Seconds() }

// quantile returns the latency that a share q of the requests stayed within. Latencies must be sorted.
func (r *result) quantile(q float64) time.Duration {
	return r.latencies[min(int(q*float64(len(r.latencies))), len(r.latencies)-1)]
}

// interleave runs each target in turn, round by round, and drops the first round: connections, caches, the heap.
func interleave(ctx context.Context, o options, targets []target, m *mix, clients int) ([]result, error) {
	results := make([]result, len(targets))
	for round := range o.rounds + 1 {
		for i, t := range targets {
			slice, err := load(ctx, t, m, clients, o.slice)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", t.name, err)
			}
			if round > 0 {
				results[i].latencies = append(results[i].latencies, slice.latencies...)
				results[i].busy += slice.busy
			}
		}
	}
	for i := range results {
		slices.Sort(results[i].latencies)
	}
	return results, nil
}

// load asks a target with so many clients at once, each with all reviews in turn, for a while.
func load(ctx context.Context, t target, m *mix, clients int, length time.Duration) (result, error) {
	per := make([]result, clients)
	errs := make([]error, clients)
	begin := time.Now()
	until := begin.Add(length)
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			for n := c; time.Now().Before(until) && ctx.Err() == nil; n++ {
				body := m.next(n)
				start := time.Now()
				if errs[c] = ask(ctx, t, body); errs[c] != nil {
					return
				}
				per[c].latencies = append(per[c].latencies, time.Since(start))
			}
		})
	}
	wg.Wait()
	all := result{busy: time.Since(begin)}
	for c := range clients {
		if errs[c] != nil {
			return all, errs[c]
		}
		all.latencies = append(all.latencies, per[c].latencies...)
	}
	if len(all.latencies) == 0 {
		return all, fmt.Errorf("no answer within %s", length)
	}
	return all, ctx.Err()
}

func ask(ctx context.Context, t target, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := t.client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("status %s", response.Status)
	}
	return nil
}
