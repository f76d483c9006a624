package companions

import "github.com/prometheus/client_golang/prometheus"

// Collectors returns what is shown of a Keeper.
func (k *Keeper) Collectors() []prometheus.Collector {
	gauge := func(name, help string, value func() int64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "tlsward", Name: name, Help: help}, func() float64 { return float64(value()) })
	}
	counter := func(name, help string, value func() int64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{Namespace: "tlsward", Name: name, Help: help}, func() float64 { return float64(value()) })
	}
	return []prometheus.Collector{
		gauge("companions", "DestinationRules that tlsward keeps for ServiceEntries without one, as the leader saw them last.", k.kept.Load),
		counter("companion_writes_total", "Writes of such DestinationRules that were tried.", k.writes.Load),
		counter("companion_errors_total", "Writes of such DestinationRules that failed.", k.errors.Load),
		counter("companions_left_total", "Times that such a DestinationRule was left as somebody else keeps changing it.", k.left.Load),
	}
}
