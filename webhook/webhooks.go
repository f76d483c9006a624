package webhook

import (
	"bytes"
	"cmp"
	"context"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	ctrlwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/webhook/admission"
	"github.com/tlsward/tlsward/webhook/assume"
	"github.com/tlsward/tlsward/webhook/fairqueue"
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
	// MaxConcurrent caps the reviews of one user in one namespace, waiting or at work; 128 if zero. All users have ten
	// times as many.
	MaxConcurrent int
	// Seats is how many reviews are computed at once; as many as processors if zero, and at least two.
	Seats int
	// Timeout bounds one review, the wait for its turn included, where the request's own ?timeout= is not shorter; 2.5 s if zero.
	Timeout time.Duration
	Metrics *Metrics
	Log     *slog.Logger
}

// Webhooks are /mutate, /validate and /validate-exemption. They need an Evaluator before they decide anything.
type Webhooks struct {
	evaluator  atomic.Pointer[admission.Evaluator]
	ready      func() error
	wasReady   atomic.Bool
	decider    admission.Decider
	queue      *fairqueue.Queue
	workers    workers
	buffers    sync.Pool
	timeout    time.Duration
	onDecision func(context.Context, DecisionRecord)
	metrics    *Metrics
	log        *slog.Logger
}

// New returns Webhooks without an Evaluator yet.
func New(o Options) *Webhooks {
	w := &Webhooks{
		ready:      o.Ready,
		decider:    admission.Decider{Cache: o.Cache, Get: o.Get, Patience: o.Patience, KeepInput: o.OnDecision != nil, Idle: idle},
		queue:      newQueue(cmp.Or(o.Seats, max(2, runtime.GOMAXPROCS(0))), cmp.Or(o.MaxConcurrent, 128)),
		workers:    newWorkers(),
		buffers:    sync.Pool{New: func() any { return new(bytes.Buffer) }},
		timeout:    cmp.Or(o.Timeout, 2500*time.Millisecond),
		onDecision: o.OnDecision,
		metrics:    o.Metrics,
		log:        o.Log,
	}
	if get := o.Get; get != nil {
		w.decider.Get = func(ctx context.Context, ref mesh.Ref) (object *mesh.Object, err error) {
			idle(ctx, func() { object, err = get(ctx, ref) })
			return object, err
		}
	}
	w.metrics.queue(w.queue)
	return w
}

// Use puts an evaluator into force for the reviews that begin from now on. Those in flight end with theirs.
func (w *Webhooks) Use(e *admission.Evaluator) { w.evaluator.Store(e) }

// Evaluator returns what is in force, nil before the first Use.
func (w *Webhooks) Evaluator() *admission.Evaluator { return w.evaluator.Load() }

// Busy reports whether any review is in hand.
func (w *Webhooks) Busy() bool { return w.queue.InHand() > 0 }

// Register adds the webhooks to a server.
func (w *Webhooks) Register(s ctrlwebhook.Server) {
	w.register(s, endpoint{name: "mutate", decide: w.mutate, undecided: leftAlone})
	w.register(s, endpoint{name: "validate", decide: w.validate, undecided: refused})
	w.register(s, endpoint{name: "validate-exemption", decide: w.validateExemption, undecided: refused})
}
