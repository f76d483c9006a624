package verify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/internal/compare"
	"github.com/tlsward/tlsward/internal/verified"
)

// WatchOptions are what `tlsward verify --every` is asked to do.
type WatchOptions struct {
	Options
	// Every is the time from one round to the next.
	Every time.Duration
	// Metrics is where /metrics and /healthz are answered, as net.Listen has addresses; "" for nowhere.
	Metrics string
	// Events has what differs put on the pods.
	Events bool
	// Keep is the ConfigMap ("NAMESPACE/NAME") that keeps what the last round found, for `tlsward report`; "" for none.
	Keep string
}

// maxLogged is how many differences of one round are logged.
const maxLogged = 20

// Watch compares a sample of the cluster's proxies again and again, until ctx ends. A round that fails is logged and counted, and the
// next one tries again.
func Watch(ctx context.Context, o WatchOptions, streams cli.Streams) error {
	if err := o.check(); err != nil {
		return err
	}
	t, err := o.teller()
	if err != nil {
		return err
	}
	registry := prometheus.NewRegistry()
	w := &watch{WatchOptions: o, streams: streams, log: slog.New(slog.NewJSONHandler(streams.Err, nil)), metrics: newMetrics(registry), teller: t}
	stop, err := w.answer(ctx, registry)
	if err != nil {
		return err
	}
	defer stop()
	for {
		w.round(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(o.Every):
		}
	}
}

func (o WatchOptions) check() error {
	switch {
	case o.Every < time.Second:
		return fmt.Errorf("--every: want a second at least, have %s", o.Every)
	case len(o.Dumps) > 0:
		return errors.New("--every asks the cluster's proxies again and again: leave out --dump")
	case o.Output != "text":
		return fmt.Errorf("--every writes a log: leave out --output %s", o.Output)
	}
	return nil
}

// watch is the work of a WatchOptions.
type watch struct {
	WatchOptions
	streams cli.Streams
	log     *slog.Logger
	metrics metrics
	teller  *teller
}

// answer serves the metrics until stop is called.
func (w *watch) answer(ctx context.Context, registry *prometheus.Registry) (stop func(), err error) {
	if w.Metrics == "" {
		return func() {}, nil
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", w.Metrics)
	if err != nil {
		return nil, fmt.Errorf("serve the metrics (--metrics): %w", err)
	}
	w.log.Info("listening", "for", "metrics", "address", listener.Addr().String())
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusOK) })
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			w.log.Error("metrics are served no more", "error", err.Error())
		}
	}()
	return func() { _ = server.Close() }, nil
}

// round compares once, and tells what came of it.
func (w *watch) round(ctx context.Context) {
	results, err := w.compare(ctx, w.streams.Silent())
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		w.metrics.failed.Inc()
		w.log.Error("nothing was compared", "error", err.Error())
		return
	}
	round := verified.Of(time.Now(), results)
	w.metrics.set(round)
	w.log.Info("compared", "proxies", round.Proxies, "unreached", round.Unreached, "connections", round.Connections,
		"disagreements", round.Disagreements, "untold", round.Untold)
	w.logDifferences(results)
	if err := w.teller.tell(ctx, round, results); err != nil && ctx.Err() == nil {
		w.log.Warn("could not tell all of it in the cluster", "error", err.Error())
	}
}

// logDifferences writes a line for each of the first differences.
func (w *watch) logDifferences(results []compare.Result) {
	logged := 0
	for _, r := range results {
		if r.Unreached != nil {
			w.log.Warn("not asked", "proxy", r.Proxy.String(), "error", r.Unreached.Error())
		}
		for _, d := range r.Differences {
			if logged++; logged <= maxLogged {
				w.log.Warn("differs", "proxy", r.Proxy.String(), "connection", d.Connection.String(), "tlsward", d.Model, "has", d.Proxy, "cause", likeliest(d))
			}
		}
	}
	if logged > maxLogged {
		w.log.Warn("further differences are not logged: run tlsward verify", "left out", logged-maxLogged)
	}
}

// likeliest returns the likeliest cause of a difference; "" where none is known.
func likeliest(d compare.Difference) string {
	if len(d.Causes) == 0 {
		return ""
	}
	return d.Causes[0].Message
}
