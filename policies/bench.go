package policies

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/tlsward/tlsward/mesh"
)

// Cost is the measured cost of evaluating one policy alone for one review.
type Cost struct {
	Policy string `json:"policy"`
	// Median and P99 are of Runs evaluations.
	Median time.Duration `json:"median"`
	P99    time.Duration `json:"p99"`
	// Allocations and Bytes are means per evaluation. They include what else the process allocated meanwhile.
	Allocations uint64 `json:"allocations"`
	Bytes       uint64 `json:"bytes"`
	Runs        int    `json:"runs"`
}

// Bench measures each policy for about the given time, on those of the inputs that it applies to, or on a Sample where
// there are none.
func (e *Engine) Bench(ctx context.Context, each time.Duration, inputs ...Input) ([]Cost, error) {
	costs := make([]Cost, 0, len(e.queries))
	for _, q := range e.queries {
		p := q.policy
		own := slices.DeleteFunc(slices.Clone(inputs), func(in Input) bool { return !p.appliesTo(in.Request.Kind) })
		if len(own) == 0 {
			own = []Input{Sample(p.Kinds[0])}
		}
		cost, err := e.bench(ctx, q, each, own)
		if err != nil {
			return nil, fmt.Errorf("measure %s: %w", p.ID, err)
		}
		costs = append(costs, cost)
	}
	return costs, nil
}

// warmUp is the number of evaluations before the measured ones.
const warmUp = 20

func (e *Engine) bench(ctx context.Context, q query, each time.Duration, inputs []Input) (Cost, error) {
	var times []time.Duration
	var before, after runtime.MemStats
	var end time.Time
	for i := 0; i < warmUp+1 || time.Now().Before(end); i++ {
		if i == warmUp {
			end = time.Now().Add(each)
			times = make([]time.Duration, 0, 1<<16)
			runtime.ReadMemStats(&before)
		}
		begin := time.Now()
		if err := e.evaluateOne(ctx, q, &inputs[i%len(inputs)]); err != nil {
			return Cost{}, err
		}
		times = append(times, time.Since(begin))
	}
	runtime.ReadMemStats(&after)
	runs := uint64(len(times))
	slices.Sort(times)
	return Cost{
		Policy: q.policy.ID, Runs: len(times), Median: times[len(times)/2], P99: times[len(times)*99/100],
		Allocations: (after.Mallocs - before.Mallocs) / runs, Bytes: (after.TotalAlloc - before.TotalAlloc) / runs,
	}, nil
}

func (e *Engine) evaluateOne(ctx context.Context, q query, in *Input) error {
	input := e.encoder.encode(in)
	if !q.index.mayMatch(input) {
		return nil
	}
	eval, err := e.newEvaluation(ctx, input, in)
	if err != nil {
		return err
	}
	defer eval.close()
	_, err = eval.evaluateTogether([]query{q})
	return err
}

// Sample returns a review of this kind to measure policies on: a host with two ports and two clients, one of which sends
// plaintext to one of the ports.
func Sample(kind string) Input {
	object := mesh.Ref{Kind: kind, Namespace: "default", Name: "sample"}
	rule := mesh.Ref{Kind: mesh.KindDestinationRule, Namespace: "default", Name: "sample"}
	in := Input{
		Request: Request{
			Operation: Create, Kind: kind, Namespace: object.Namespace, Name: object.Name,
			UserInfo: UserInfo{Username: "sample", Groups: []string{"system:authenticated"}},
		},
		Object: map[string]any{
			"metadata": map[string]any{"name": object.Name, "namespace": object.Namespace},
			"spec":     map[string]any{"host": "sample.example.com", "hosts": []any{"sample.example.com"}},
		},
		Egress: []mesh.Flow{},
	}
	for _, namespace := range []string{"default", mesh.AnyNamespace} {
		for _, port := range []uint32{80, 443} {
			in.Egress = append(in.Egress, sampleFlow(namespace, port, rule))
		}
	}
	return in
}

func sampleFlow(namespace string, port uint32, rule mesh.Ref) mesh.Flow {
	f := mesh.Flow{
		Path: mesh.Path{
			Client: mesh.Client{Kind: mesh.ClientSidecar, Namespace: namespace}, Host: "sample.example.com", Port: port,
			Hops: []mesh.Hop{{
				From: "sidecar " + namespace, To: "sample.example.com", Port: 443, Protocol: "HTTP", Names: []string{},
				DecidedBy: &mesh.Decision{Object: rule, Field: "spec.trafficPolicy.portLevelSettings[0].tls"},
			}},
			Verdict: mesh.Originated,
		},
		HopKind: mesh.HopEgress, Protocol: "HTTP", Family: mesh.FamilyHTTP, Payload: mesh.FamilyHTTP, TargetPorts: []uint32{443},
		SNIHosts: []string{"sample.example.com"}, Rule: &rule, DecidedByObject: true,
	}
	f.Hops[0].TLS, f.Hops[0].AutoSNI, f.Hops[0].AutoNames, f.Hops[0].Verified = "SIMPLE", true, true, true
	if namespace == mesh.AnyNamespace && port == 80 {
		f.Verdict, f.Cause, f.Hops[0].TLS, f.Hops[0].Verified = mesh.Plaintext, mesh.CauseDisabled, "", false
	}
	return f
}
