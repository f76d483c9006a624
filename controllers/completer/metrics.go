package completer

import "github.com/prometheus/client_golang/prometheus"

// Collectors returns what is shown of a Completer.
func (c *Completer) Collectors() []prometheus.Collector {
	opts := func(name, help string) prometheus.Opts {
		return prometheus.Opts{Namespace: "tlsward", Name: name, Help: help}
	}
	return []prometheus.Collector{
		prometheus.NewGaugeFunc(prometheus.GaugeOpts(opts("incomplete", "ServiceEntries and DestinationRules that are stored and lack what the mutating webhook would fill in, as the leader saw them last.")),
			func() float64 { return float64(c.incomplete.Count()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts(opts("completions_total", "Objects that were stored before and were completed.")),
			func() float64 { return float64(c.done.Load()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts(opts("completion_errors_total", "Objects that were stored before and could not be completed.")),
			func() float64 { return float64(c.failures.Load()) }),
	}
}
