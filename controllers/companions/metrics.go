package companions

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/mutators"
)

// Collectors returns what is shown of a Keeper.
func (k *Keeper) Collectors() []prometheus.Collector {
	counter := func(name, help string, value *atomic.Int64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{Namespace: "tlsward", Name: name, Help: help}, func() float64 { return float64(value.Load()) })
	}
	return []prometheus.Collector{
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "tlsward", Name: "companions",
			Help: "DestinationRules that tlsward keeps for ServiceEntries without one."}, func() float64 { return count(k.Mesh()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "tlsward", Name: "companions_withheld",
			Help: "Hosts that miss such a DestinationRule, for which none can be right, whose name is somebody else's, whose namespace has too many, or that somebody keeps changing, as the leader saw them last."},
			func() float64 { return float64(k.amiss.Count()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "tlsward", Name: "companions_waiting",
			Help: "Hosts that wait for the leader to look at their DestinationRule."}, func() float64 { return float64(k.Waiting()) }),
		counter("companion_writes_total", "Writes of such DestinationRules that were tried: no more than 1,200 a minute, after the first 100.", &k.writes),
		counter("companion_errors_total", "Writes of such DestinationRules that failed.", &k.failures),
		counter("companions_left_total", "Times that such a DestinationRule was left as somebody else keeps changing it.", &k.left),
	}
}

// count returns how many companions there are.
func count(snap *mesh.Snapshot) (n float64) {
	for o := range snap.ObjectsOf(mesh.KindDestinationRule) {
		if mutators.IsCompanion(o) {
			n++
		}
	}
	return n
}
