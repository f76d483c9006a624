package exemptions

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/audit"
	"github.com/tlsward/tlsward/webhook/admission"
)

// Options are what a Keeper needs.
type Options struct {
	// Stored returns the Exemptions of the cluster.
	Stored func() []*unstructured.Unstructured
	// Evaluator returns what decides reviews, nil before anything does.
	Evaluator func() *admission.Evaluator
	// Latest returns what the audit last found, nil before it has, or where there is none.
	Latest func() *audit.Found
	// IsLeader reports whether this replica does the work that only one may do.
	IsLeader func() bool
	// Write writes the status of an Exemption.
	Write func(ctx context.Context, name string, status v1alpha1.ExemptionStatus) error
	// Interval is how often it is looked for what is new; 5 s if zero.
	Interval time.Duration
	Log      *slog.Logger
}

// retry is how long an Exemption is left alone after its status could not be written.
const retry = time.Minute

// Keeper keeps the status of Exemptions while it leads. It is a Runnable of every replica, and a prometheus.Collector.
type Keeper struct {
	o      Options
	writes *prometheus.CounterVec

	counted *audit.Found // what known was counted from
	known   counts
	// notBefore is until when an Exemption is left alone after a failure.
	notBefore map[string]time.Time
}

// New returns a Keeper.
func New(o Options) *Keeper {
	o.Interval = cmp.Or(o.Interval, 5*time.Second)
	k := &Keeper{o: o, notBefore: map[string]time.Time{}, writes: prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: "tlsward", Name: "exemption_status_writes_total", Help: "Statuses of Exemptions written, by result: written, failed."}, []string{"result"})}
	for _, result := range []string{"written", "failed"} {
		k.writes.WithLabelValues(result)
	}
	return k
}

// Describe and Collect make it a prometheus.Collector.
func (k *Keeper) Describe(to chan<- *prometheus.Desc) { k.writes.Describe(to) }

// Collect returns its counters.
func (k *Keeper) Collect(to chan<- prometheus.Metric) { k.writes.Collect(to) }

// NeedLeaderElection returns false: the manager's own election is not used.
func (k *Keeper) NeedLeaderElection() bool { return false }

// Start writes statuses until ctx is done.
func (k *Keeper) Start(ctx context.Context) error {
	tick := time.NewTicker(k.o.Interval)
	defer tick.Stop()
	for {
		if k.o.IsLeader() {
			k.step(ctx, time.Now())
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// step writes the statuses that are others than they should be. One failure does not stop the others.
func (k *Keeper) step(ctx context.Context, now time.Time) {
	e := k.o.Evaluator()
	if e == nil {
		return
	}
	known := k.counts(e)
	for _, object := range k.o.Stored() {
		s := read(e, object)
		if ctx.Err() != nil || !k.o.IsLeader() {
			return
		}
		if now.Before(k.notBefore[s.name]) {
			continue
		}
		wanted := statusOf(s, known, now)
		if isWritten(s.status, wanted) {
			continue
		}
		if err := k.o.Write(ctx, s.name, wanted); err != nil {
			k.writes.WithLabelValues("failed").Inc()
			k.notBefore[s.name] = now.Add(retry)
			k.o.Log.Warn("the status of an Exemption is not up to date", "exemption", s.name, "error", admission.Clip(err.Error(), 1024))
			continue
		}
		k.writes.WithLabelValues("written").Inc()
	}
	for name, until := range k.notBefore {
		if now.After(until) {
			delete(k.notBefore, name)
		}
	}
}

// counts returns what exemptions let pass by the last audit; nil where that judged by others than those in force.
func (k *Keeper) counts(e *admission.Evaluator) counts {
	found := k.o.Latest()
	if found == nil || found.By != e {
		return nil
	}
	if found != k.counted {
		k.counted, k.known = found, countsOf(found)
	}
	return k.known
}

// isWritten reports whether a status has all that is wanted; it may have conditions of others.
func isWritten(have, wanted v1alpha1.ExemptionStatus) bool {
	for _, c := range wanted.Conditions {
		if found := meta.FindStatusCondition(have.Conditions, c.Type); found == nil || *found != c {
			return false
		}
	}
	return have.LetsPass == wanted.LetsPass && have.UnneededSince.Equal(wanted.UnneededSince)
}

func read(e *admission.Evaluator, object *unstructured.Unstructured) stored {
	s := stored{name: object.GetName(), generation: object.GetGeneration()}
	s.spec, s.refused = admission.ReadStoredExemption(e.Engine, object)
	if status, ok := object.Object["status"].(map[string]any); ok {
		// A status that somebody broke is written anew.
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(status, &s.status); err != nil {
			s.status = v1alpha1.ExemptionStatus{}
		}
	}
	return s
}
