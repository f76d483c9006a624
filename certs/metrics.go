package certs

import "github.com/prometheus/client_golang/prometheus"

// Collector returns the metrics of a shared CA.
func Collector(s *SharedCA) prometheus.Collector { return collector{s} }

type collector struct{ source *SharedCA }

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("tlsward_ca_"+name, help, labels, nil)
}

// The metrics of the shared CA.
var (
	descExpiry   = describe("expiry_timestamp_seconds", "When the CA that signs expires; 0 where there is none.")
	descRotating = describe("rotating", "1 from the making of a new CA until the old one is dropped.")
	descMismatch = describe("mismatch", "1 while a webhook configuration does not trust what this replica presents.")
	descSteps    = describe("steps_total", "Steps that this replica took for the shared CA.", "step")
	descErrors   = describe("errors_total", "Failed looks at the shared CA.")
)

// Describe sends the descriptions of the metrics.
func (c collector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descExpiry, descRotating, descMismatch, descSteps, descErrors} {
		out <- d
	}
}

// Collect sends their values now.
func (c collector) Collect(out chan<- prometheus.Metric) {
	status := c.source.Status()
	gauge := func(d *prometheus.Desc, value float64) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value)
	}
	expiry := 0.0
	if !status.CANotAfter.IsZero() {
		expiry = float64(status.CANotAfter.Unix())
	}
	gauge(descExpiry, expiry)
	gauge(descRotating, boolToFloat(status.Rotating))
	gauge(descMismatch, boolToFloat(status.Mismatch))
	out <- prometheus.MustNewConstMetric(descErrors, prometheus.CounterValue, float64(status.Errors))
	for _, s := range []rotationStep{stepCreate, stepRestore, stepExtend, stepBegin, stepPromote, stepDrop, stepTrim} {
		out <- prometheus.MustNewConstMetric(descSteps, prometheus.CounterValue, float64(status.Steps[string(s)]), string(s))
	}
}

func boolToFloat(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
