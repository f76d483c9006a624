package announcer

import "github.com/prometheus/client_golang/prometheus"

// metrics are those of an Announcer.
type metrics struct {
	written, failed, dropped prometheus.Counter
	waiting                  prometheus.Gauge
}

func newMetrics(registry prometheus.Registerer) metrics {
	events := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "tlsward", Name: "events_total",
		Help: "Events on objects that are wrong, by result: written; failed, which are tried again; dropped, which are those beyond what a namespace may have."}, []string{"result"})
	m := metrics{written: events.WithLabelValues("written"), failed: events.WithLabelValues("failed"), dropped: events.WithLabelValues("dropped"),
		waiting: prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "tlsward", Name: "events_waiting", Help: "Events that wait for their turn."})}
	registry.MustRegister(events, m.waiting)
	return m
}
