package verify

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/tlsward/tlsward/internal/verified"
)

// metrics are those of a watch. Those of connections and proxies are of the last round that was made.
type metrics struct {
	disagreements, connections, untold, at prometheus.Gauge
	proxies                                *prometheus.GaugeVec
	failed                                 prometheus.Counter
}

func newMetrics(r prometheus.Registerer) metrics {
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	m := metrics{
		disagreements: gauge("tlsward_model_disagreements", "Connections of the last sample of proxies that are not as tlsward says."),
		connections:   gauge("tlsward_model_connections", "Connections of that sample that were compared."),
		untold:        gauge("tlsward_model_untold", "Connections of that sample, and parts of its configuration, that could not be compared."),
		at:            gauge("tlsward_model_timestamp_seconds", "When that sample was compared."),
		proxies:       prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "tlsward_model_proxies", Help: "Proxies of that sample: asked, or unreached."}, []string{"result"}),
		failed:        prometheus.NewCounter(prometheus.CounterOpts{Name: "tlsward_model_rounds_failed_total", Help: "Rounds in which nothing could be compared."}),
	}
	r.MustRegister(m.disagreements, m.connections, m.untold, m.at, m.proxies, m.failed)
	return m
}

func (m metrics) set(r verified.Round) {
	m.disagreements.Set(float64(r.Disagreements))
	m.connections.Set(float64(r.Connections))
	m.untold.Set(float64(r.Untold))
	m.at.Set(float64(r.At.Unix()))
	m.proxies.WithLabelValues("asked").Set(float64(r.Proxies))
	m.proxies.WithLabelValues("unreached").Set(float64(r.Unreached))
}
