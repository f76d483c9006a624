package webhook

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	admissionv1 "k8s.io/api/admission/v1"

	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies"
	"github.com/tlsward/tlsward/webhook/admission"
	"github.com/tlsward/tlsward/webhook/assume"
)

// HandlerOptions are what a Handler needs.
type HandlerOptions struct {
	// Cache holds the mesh.
	Cache *assume.Cache
	// Get reads an object from the API server, nil if there is none. Leave it unset where no cluster is watched.
	Get func(context.Context, mesh.Ref) (*mesh.Object, error)
	// Ready says why the mesh is not known yet; nil is known. It is asked until it is known once: a server that knows
	// half of the mesh must not judge. Leave it unset where the mesh is known from the start.
	Ready func() error
	// Patience is how long a refusal waits for events that may turn it, where Get is set.
	Patience time.Duration
	// OnDecision gets every decision of /validate. It is waited for. Leave it unset for none.
	OnDecision func(context.Context, DecisionRecord)
	// Concurrent caps the reviews judged at once; 128 if zero.
	Concurrent int
	// Queue is how long a review above the cap waits before it is shed; 500 ms if zero.
	Queue time.Duration
	// Timeout bounds one review, where the request's own ?timeout= is not shorter; 2.5 s if zero.
	Timeout time.Duration
	Metrics *Metrics
	Log     *slog.Logger
}

// Handler answers /mutate and /validate. It needs an Evaluator before it decides anything.
type Handler struct {
	evaluator  atomic.Pointer[admission.Evaluator]
	ready      func() error
	wasReady   atomic.Bool
	decider    admission.Decider
	limit      *limiter
	workers    workers
	timeout    time.Duration
	onDecision func(context.Context, DecisionRecord)
	metrics    *Metrics
	log        *slog.Logger
	buffers    sync.Pool
}

// NewHandler returns a handler without an Evaluator yet.
func NewHandler(o HandlerOptions) *Handler {
	return &Handler{
		ready:      o.Ready,
		decider:    admission.Decider{Cache: o.Cache, Get: o.Get, Patience: o.Patience, KeepInput: o.OnDecision != nil},
		limit:      newLimiter(cmp.Or(o.Concurrent, 128), cmp.Or(o.Queue, 500*time.Millisecond)),
		workers:    newWorkers(),
		timeout:    cmp.Or(o.Timeout, 2500*time.Millisecond),
		onDecision: o.OnDecision,
		metrics:    o.Metrics,
		log:        o.Log,
		buffers:    sync.Pool{New: func() any { return new(bytes.Buffer) }},
	}
}

// Use puts an evaluator into force for the reviews that begin from now on. Those in flight end with theirs.
func (h *Handler) Use(e *admission.Evaluator) { h.evaluator.Store(e) }

// Routes returns the two endpoints.
func (h *Handler) Routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/mutate", h.endpoint("mutate", h.mutate))
	mux.Handle("/validate", h.endpoint("validate", h.validate))
	return mux
}

// response is an answer, and how metrics call it.
type response struct {
	*admissionv1.AdmissionResponse
	decision string
}

type decideFunc func(context.Context, *admission.Evaluator, *admissionv1.AdmissionRequest) response

// endpoint is what both webhooks share: the HTTP around a decision.
func (h *Handler) endpoint(webhook string, decide decideFunc) http.HandlerFunc {
	duration := h.metrics.duration.WithLabelValues(webhook)
	return func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		defer func() { duration.Observe(time.Since(start).Seconds()) }()
		defer discard(r.Body)
		ctx, cancel := context.WithTimeout(r.Context(), h.deadline(r))
		defer cancel()
		if !h.limit.acquire(ctx) {
			h.metrics.shed.Inc()
			w.Header().Set("Retry-After", "1")
			http.Error(w, "too many reviews at once", http.StatusTooManyRequests)
			return
		}
		h.answer(ctx, webhook, decide, w, r)
	}
}

// answer reads the request, has it decided and writes the answer. It gives the limiter's slot back.
func (h *Handler) answer(ctx context.Context, webhook string, decide decideFunc, w http.ResponseWriter, r *http.Request) {
	request, err := h.read(w, r)
	if err != nil {
		h.limit.release()
		h.refuse(webhook, w, err)
		return
	}
	v := h.inTime(ctx, webhook, decide, request)
	v.UID = request.UID
	h.metrics.reviews.WithLabelValues(webhook, kindLabel(request.Kind.Kind), operationLabel(string(request.Operation)),
		v.decision).Inc()
	if err := writeReview(w, v.AdmissionResponse); err != nil {
		h.log.Debug("the client left before the answer", "webhook", webhook, "uid", request.UID, "error", err)
	}
}

func (h *Handler) read(w http.ResponseWriter, r *http.Request) (*admissionv1.AdmissionRequest, error) {
	buffer := h.buffers.Get().(*bytes.Buffer)
	buffer.Reset()
	request, err := readRequest(w, r, buffer)
	if buffer.Cap() <= 64<<10 { // a rare giant must not stay for good
		h.buffers.Put(buffer)
	}
	return request, err
}

// inTime decides before ctx ends, or answers closed. A decision that is late keeps its slot until it is done: what
// nobody waits for any more must not pile up.
func (h *Handler) inTime(ctx context.Context, webhook string, decide decideFunc, r *admissionv1.AdmissionRequest) response {
	done := make(chan response, 1)
	h.metrics.inFlight.Inc()
	h.workers.run(func() {
		defer h.limit.release()
		defer h.metrics.inFlight.Dec()
		done <- h.decide(ctx, webhook, decide, r)
	})
	select {
	case v := <-done:
		return v
	case <-ctx.Done():
		return h.undecided(webhook, r, "timeout", fmt.Errorf("no decision in time: %w", ctx.Err()))
	}
}

func (h *Handler) refuse(webhook string, w http.ResponseWriter, err error) {
	status := http.StatusBadRequest
	var request *badRequest
	if errors.As(err, &request) {
		status = request.status
	}
	h.metrics.refused.WithLabelValues(webhook, strconv.Itoa(status)).Inc()
	http.Error(w, err.Error(), status)
}

// decide runs the decision. A panic in it is counted, logged with its stack, and answered: mutation leaves the object
// alone, since validation judges the final state; validation refuses.
func (h *Handler) decide(ctx context.Context, webhook string, decide decideFunc, r *admissionv1.AdmissionRequest) (v response) {
	defer func() {
		cause := recover()
		if cause == nil {
			return
		}
		h.metrics.panics.WithLabelValues(webhook).Inc()
		h.log.Error("panic", "webhook", webhook, "uid", r.UID, "object", objectName(r), "operation", r.Operation,
			"cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
		v = h.undecided(webhook, r, "panic", fmt.Errorf("an internal error; the log of tlsward has it under %s", r.UID))
	}()
	evaluator := h.evaluator.Load()
	switch err := h.meshKnown(); {
	case evaluator == nil:
		return h.undecided(webhook, r, "not-ready", errors.New("the policies are not loaded yet"))
	case err != nil:
		return h.undecided(webhook, r, "not-ready", err)
	case r.SubResource != "":
		return response{allowed(), "allow"}
	default:
		return decide(ctx, evaluator, r)
	}
}

// meshKnown returns why reviews cannot be decided yet; once they can, they always can.
func (h *Handler) meshKnown() error {
	if h.ready == nil || h.wasReady.Load() {
		return nil
	}
	if err := h.ready(); err != nil {
		return fmt.Errorf("the mesh is not known yet: %w", err)
	}
	h.wasReady.Store(true)
	return nil
}

func (h *Handler) mutate(ctx context.Context, e *admission.Evaluator, r *admissionv1.AdmissionRequest) response {
	patch, err := h.decider.Mutate(ctx, e, reviewOf(r))
	if err != nil {
		return h.undecided("mutate", r, reasonOf(err), err)
	}
	answer, err := patched(patch)
	switch {
	case err != nil:
		return h.undecided("mutate", r, "error", err)
	case len(patch) > 0:
		return response{answer, "patch"}
	default:
		return response{answer, "allow"}
	}
}

func (h *Handler) validate(ctx context.Context, e *admission.Evaluator, r *admissionv1.AdmissionRequest) response {
	decision, err := h.decider.Validate(ctx, e, reviewOf(r))
	h.record(ctx, r, decision, err)
	if err != nil {
		return h.undecided("validate", r, reasonOf(err), err)
	}
	if decision.Allowed && isProbe(r) {
		return probeRefused()
	}
	h.decider.Assume(decision)
	kind := kindLabel(r.Kind.Kind)
	for _, v := range decision.Violations {
		h.metrics.violations.WithLabelValues(v.Policy, kind, string(v.Action)).Inc()
		if v.Undecided {
			h.metrics.undecided.WithLabelValues("validate", v.Policy).Inc()
			h.log.Error("could not decide, and warned", "uid", r.UID, "object", objectName(r), "reason", v.Policy,
				"error", admission.Clip(v.Message, 1024))
		}
	}
	answer := answerOf(objectName(r), decision)
	switch {
	case !answer.Allowed:
		h.logDenial(r, decision)
		return response{answer, "deny"}
	case len(answer.Warnings) > 0:
		return response{answer, "warn"}
	default:
		return response{answer, "allow"}
	}
}

// undecided answers closed: validation refuses, mutation leaves the object for validation to judge. An object that
// cannot be read is its author's fault, and none of ours.
func (h *Handler) undecided(webhook string, r *admissionv1.AdmissionRequest, reason string, err error) response {
	var object *admission.ObjectError
	if errors.As(err, &object) {
		if webhook == "mutate" {
			return response{allowed(), "allow"}
		}
		return response{undecided(objectName(r), err), "invalid"}
	}
	h.metrics.undecided.WithLabelValues(webhook, reason).Inc()
	h.log.Error("could not decide", "webhook", webhook, "uid", r.UID, "object", objectName(r),
		"operation", r.Operation, "user", r.UserInfo.Username, "reason", reason, "error", admission.Clip(err.Error(), 1024))
	if webhook == "mutate" {
		return response{allowed(), "undecided"}
	}
	return response{undecided(objectName(r), err), "undecided"}
}

// logDenial writes one line: who was refused what, and by which policies. Never the object.
func (h *Handler) logDenial(r *admissionv1.AdmissionRequest, d admission.Decision) {
	log := h.log
	if d.Unconfirmed != "" {
		log = log.With("unconfirmed", d.Unconfirmed)
	}
	log.Info("denied", "uid", r.UID, "object", objectName(r), "operation", r.Operation, "user", r.UserInfo.Username,
		"dryRun", r.DryRun != nil && *r.DryRun, "policies", admission.DenyingPolicies(d.Violations))
}

// deadline is what the API server leaves for this review, less what the answer needs on its way.
func (h *Handler) deadline(r *http.Request) time.Duration {
	asked, err := time.ParseDuration(r.URL.Query().Get("timeout"))
	if err != nil || asked <= 0 {
		return h.timeout
	}
	return min(h.timeout, asked-asked/10)
}

// reasonOf returns the metric's word for an error.
func reasonOf(err error) string {
	var policy *policies.PolicyError
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return "timeout"
	case errors.As(err, &policy):
		return policy.Policy
	default:
		return "error"
	}
}

// objectName names the object of a request as a person would.
func objectName(r *admissionv1.AdmissionRequest) string {
	return mesh.Ref{Kind: r.Kind.Kind, Namespace: r.Namespace, Name: cmp.Or(r.Name, "(no name yet)")}.String()
}
