package reporter

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	openreports "github.com/openreports/reports-api/apis/openreports.io/v1alpha1"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/tlsward/tlsward/audit"
	"github.com/tlsward/tlsward/webhook/admission"
)

// Options are what a Reporter needs.
type Options struct {
	Config *rest.Config
	// Latest returns what the audit last found, nil before it has.
	Latest func() *audit.Found
	// IsLeader reports whether this replica does the work that only one may do.
	IsLeader func() bool
	// Interval is how often it is looked for what is new; 5 s if zero.
	Interval time.Duration
	// Resync is how often the stored reports are read: what somebody changed or deleted, and another API, is seen then; 10 min if zero.
	Resync time.Duration
	// Retry is how long it waits after a failure, and until it asks again for an API that is not installed; 1 min if zero.
	Retry    time.Duration
	Registry prometheus.Registerer
	Log      *slog.Logger
}

// queries and burst bound what it asks of the API server a second.
const queries, burst = 10, 20

// Reporter writes reports while it leads.
type Reporter struct {
	Options
	objects   dynamic.Interface
	discovery discovery.ServerResourcesInterfaceWithContext
	writes    *prometheus.CounterVec

	// api is where the reports are; nil until it is known. stored are they, as last read and written.
	api    *API
	stored map[place]*openreports.Report
	synced *audit.Found
	// resyncAt and waitUntil are when they are read again, and tried again.
	resyncAt, waitUntil time.Time
}

// New prepares the clients. It does not talk to the API server yet.
func New(o Options) (*Reporter, error) {
	config := rest.CopyConfig(o.Config)
	config.QPS, config.Burst, config.Timeout = queries, burst, 10*time.Second
	objects, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connect to the API server: %w", err)
	}
	d, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connect to the API server: %w", err)
	}
	o.Interval, o.Resync, o.Retry = cmp.Or(o.Interval, 5*time.Second), cmp.Or(o.Resync, 10*time.Minute), cmp.Or(o.Retry, time.Minute)
	r := &Reporter{Options: o, objects: objects, discovery: d, writes: prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: "tlsward", Name: "report_writes_total", Help: "Reports written and deleted, by result: applied, deleted, failed."}, []string{"result"})}
	for _, result := range []string{"applied", "deleted", "failed"} {
		r.writes.WithLabelValues(result)
	}
	o.Registry.MustRegister(r.writes)
	return r, nil
}

// NeedLeaderElection returns false: the manager's own election is not used.
func (r *Reporter) NeedLeaderElection() bool { return false }

// Start writes reports until ctx is done.
func (r *Reporter) Start(ctx context.Context) error {
	tick := time.NewTicker(r.Interval)
	defer tick.Stop()
	for {
		r.step(ctx, time.Now())
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// step brings the reports up to date, where this replica leads and there is anything to do.
func (r *Reporter) step(ctx context.Context, now time.Time) {
	if !r.IsLeader() {
		r.api, r.stored, r.synced, r.waitUntil = nil, nil, nil, time.Time{} // another one may write
		return
	}
	found := r.Latest()
	if found == nil || now.Before(r.waitUntil) || r.synced == found && now.Before(r.resyncAt) {
		return
	}
	if err := r.sync(ctx, found, now); err != nil && ctx.Err() == nil {
		r.waitUntil = now.Add(r.Retry)
		r.Log.Warn("reports are not up to date", "error", admission.Clip(err.Error(), 1024))
	}
}

func (r *Reporter) sync(ctx context.Context, found *audit.Found, now time.Time) error {
	if r.api == nil || !now.Before(r.resyncAt) {
		if err := r.read(ctx, now); err != nil {
			return err
		}
	}
	if r.api == nil {
		return nil
	}
	if err := r.write(ctx, reportsOf(*found), now); err != nil {
		return err
	}
	r.synced = found
	return nil
}

// read finds the API, reads the stored reports, and deletes those of the other one.
func (r *Reporter) read(ctx context.Context, now time.Time) error {
	found, err := served(ctx, r.discovery)
	if err != nil {
		return err
	}
	r.api, r.stored = nil, map[place]*openreports.Report{}
	if len(found) == 0 {
		r.waitUntil = now.Add(r.Retry)
		return nil
	}
	for i, a := range found {
		list, unread, err := a.list(ctx, r.objects)
		if err != nil {
			return err
		}
		if unread != nil {
			r.Log.Warn("a stored report is written anew", "error", admission.Clip(unread.Error(), 1024))
		}
		for _, report := range list {
			if i > 0 {
				err = errors.Join(err, r.remove(ctx, a, report.Namespace, report.Name))
				continue
			}
			r.stored[place{Namespace: report.Namespace, Name: report.Name}] = &report
		}
		if err != nil {
			return err
		}
	}
	r.api, r.resyncAt = &found[0], now.Add(r.Resync)
	return nil
}

// write writes the reports that have become others, and deletes those that are no more. One failure does not stop the others.
func (r *Reporter) write(ctx context.Context, wanted map[place]*openreports.Report, now time.Time) error {
	var errs []error
	for _, at := range slices.SortedFunc(maps.Keys(wanted), comparePlaces) {
		report := wanted[at]
		before := r.stored[at]
		stamp(report, before, now)
		if same, err := r.same(before, report); same || err != nil {
			errs = append(errs, err)
			continue
		}
		if !r.IsLeader() || ctx.Err() != nil {
			return errors.Join(append(errs, ctx.Err())...)
		}
		if err := r.api.apply(ctx, r.objects, report); err != nil {
			r.writes.WithLabelValues("failed").Inc()
			errs = append(errs, err)
			continue
		}
		r.writes.WithLabelValues("applied").Inc()
		r.stored[at] = report
	}
	for _, at := range slices.SortedFunc(maps.Keys(r.stored), comparePlaces) {
		if wanted[at] != nil || !r.IsLeader() {
			continue
		}
		if err := r.remove(ctx, *r.api, at.Namespace, at.Name); err != nil {
			errs = append(errs, err)
			continue
		}
		delete(r.stored, at)
	}
	return errors.Join(errs...)
}

func (r *Reporter) remove(ctx context.Context, a API, namespace, name string) error {
	err := a.remove(ctx, r.objects, namespace, name)
	if err != nil {
		r.writes.WithLabelValues("failed").Inc()
		return err
	}
	r.writes.WithLabelValues("deleted").Inc()
	return nil
}

// same reports whether two reports are the same where they are kept.
func (r *Reporter) same(before, after *openreports.Report) (bool, error) {
	if before == nil {
		return false, nil
	}
	a, err := r.api.encode(before)
	if err != nil {
		return false, err
	}
	b, err := r.api.encode(after)
	return bytes.Equal(a, b), err
}

func comparePlaces(a, b place) int {
	return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
}
