package webhook

import (
	"bytes"
	"cmp"
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	ctrlwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/webhook/admission"
	"github.com/tlsward/tlsward/webhook/assume"
)

// Options are what Webhooks need.
type Options struct {
	// Cache holds the mesh.
	Cache *assume.Cache
	// Get reads an object from the API server, nil if there is none. Leave it unset where no cluster is watched.
	Get func(context.Context, mesh.Ref) (*mesh.Object, error)
	// Ready returns why the mesh is not known yet, nil where it is. It is asked until it is known once: a server that
	// knows half of the mesh must not decide. Leave it unset where the mesh is known from the start.
	Ready func() error
	// Patience is how long a denial waits for events that may turn it, where Get is set.
	Patience time.Duration
	// OnDecision gets every decision of /validate. It is waited for. Leave it unset for none.
	OnDecision func(context.Context, DecisionRecord)
	// MaxConcurrent caps the reviews decided at once; 128 if zero.
	MaxConcurrent int
	// QueueTimeout is how long a review above the cap waits before it gets 429; 500 ms if zero.
	QueueTimeout time.Duration
	// Timeout bounds one review, where the request's own ?timeout= is not shorter; 2.5 s if zero.
	Timeout time.Duration
	Metrics *Metrics
	Log     *slog.Logger
}

// Webhooks are /mutate and /validate. They need an Evaluator before they decide anything.
type Webhooks struct {
	evaluator  atomic.Pointer[admission.Evaluator]
	ready      func() error
	wasReady   atomic.Bool
	decider    admission.Decider
	limiter    *limiter
	workers    workers
	buffers    sync.Pool
	timeout    time.Duration
	onDecision func(context.Context, DecisionRecord)
	metrics    *Metrics
	log        *slog.Logger
}

// New returns Webhooks without an Evaluator yet.
func New(o Options) *Webhooks {
	return &Webhooks{
		ready:      o.Ready,
		decider:    admission.Decider{Cache: o.Cache, Get: o.Get, Patience: o.Patience, KeepInput: o.OnDecision != nil},
		limiter:    newLimiter(cmp.Or(o.MaxConcurrent, 128), cmp.Or(o.QueueTimeout, 500*time.Millisecond)),
		workers:    newWorkers(),
		buffers:    sync.Pool{New: func() any { return new(bytes.Buffer) }},
		timeout:    cmp.Or(o.Timeout, 2500*time.Millisecond),
		onDecision: o.OnDecision,
		metrics:    o.Metrics,
		log:        o.Log,
	}
}

// Use puts an evaluator into force for the reviews that begin from now on. Those in flight end with theirs.
func (w *Webhooks) Use(e *admission.Evaluator) { w.evaluator.Store(e) }

// Register adds both webhooks to a server.
func (w *Webhooks) Register(s ctrlwebhook.Server) {
	w.register(s, endpoint{name: "mutate", decide: w.mutate, undecided: leftAlone})
	w.register(s, endpoint{name: "validate", decide: w.validate, undecided: refused})
}
