package webhook

import (
	"crypto/tls"
	"crypto/x509"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/webhook/assume"
	"github.com/tlsward/tlsward/webhook/fairqueue"
)

// Metrics counts what the server does. Every label has a small, fixed set of values, whatever clients send; policy
// ids come from the Config.
type Metrics struct {
	reviews    *prometheus.CounterVec
	violations *prometheus.CounterVec
	duration   *prometheus.HistogramVec
	undecided  *prometheus.CounterVec
	refused    *prometheus.CounterVec
	shed       *prometheus.CounterVec
	queued     prometheus.Histogram
	panics     *prometheus.CounterVec
	inFlight   prometheus.Gauge
	reloads    *prometheus.CounterVec
	reloaded   prometheus.Gauge
	policies   *prometheus.CounterVec
	registry   prometheus.Registerer
}

// NewMetrics registers the server's metrics.
func NewMetrics(registry prometheus.Registerer) *Metrics {
	m := &Metrics{
		registry: registry,
		reviews: counters("reviews_total", "Reviews answered, by decision: allow, patch, warn, deny, invalid, undecided.",
			"webhook", "kind", "operation", "decision"),
		violations: counters("violations_total", "Violations found, by policy and the action that the configuration gives it.",
			"policy", "kind", "action"),
		undecided: counters("undecided_total", "Reviews that could not be decided, and were refused for it.",
			"webhook", "reason"),
		refused:  counters("bad_requests_total", "Requests that were no AdmissionReview, by HTTP status.", "webhook", "status"),
		panics:   counters("panics_total", "Reviews that ended in a panic.", "webhook"),
		reloads:  counters("config_reloads_total", "Configurations read, by result: applied, refused.", "result"),
		policies: counters("policy_reloads_total", "Policies of one's own read anew, by result: applied, refused.", "result"),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "tlsward", Name: "review_duration_seconds",
			Help: "Time from a request's first byte to the answer's last.",
			// A review takes some hundred microseconds; a refusal may wait for events; the API server waits 1 to 3 s.
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5},
		}, []string{"webhook"}),
		shed: counters("shed_total", "Reviews turned away with 429: full, too many were in hand; late, their turn did not come in time.",
			"reason"),
		queued: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "tlsward", Name: "queue_wait_seconds",
			Help:    "Time that a review has waited for its turn, those included whose turn did not come.",
			Buckets: []float64{.0001, .001, .005, .01, .025, .05, .1, .25, .5, 1, 2.5}}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: "tlsward", Name: "reviews_in_flight", Help: "Reviews being judged."}),
		reloaded: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: "tlsward", Name: "config_applied_timestamp_seconds", Help: "When the configuration in force was applied."}),
	}
	registry.MustRegister(m.reviews, m.violations, m.duration, m.undecided, m.refused, m.shed, m.queued, m.panics, m.inFlight,
		m.reloads, m.reloaded, m.policies)
	for _, reason := range []string{"full", "late"} {
		m.shed.WithLabelValues(reason) // there from the start, for alerts
	}
	return m
}

func counters(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "tlsward", Name: name, Help: help}, labels)
}

// ConfigReloaded counts a configuration that was applied (nil) or refused.
func (m *Metrics) ConfigReloaded(err error) {
	m.reloads.WithLabelValues(reloadResult(err)).Inc()
	if err == nil {
		m.reloaded.SetToCurrentTime()
	}
}

// PoliciesReloaded counts policies that were applied (nil) or refused.
func (m *Metrics) PoliciesReloaded(err error) { m.policies.WithLabelValues(reloadResult(err)).Inc() }

func reloadResult(err error) string {
	if err != nil {
		return "refused"
	}
	return "applied"
}

// Mesh publishes the size and the age of the mesh in cache.
func (m *Metrics) Mesh(cache *assume.Cache) {
	m.gauge("mesh_objects", "Objects of the mesh.", func() float64 { return float64(cache.View().Stored.Len()) })
	m.gauge("mesh_pending_writes", "Admitted writes that no event has shown yet.",
		func() float64 { return float64(len(cache.View().Writes)) })
	m.gauge("mesh_age_seconds", "Time since the mesh last changed.", func() float64 { return cache.Age().Seconds() })
}

// queue publishes the reviews in hand.
func (m *Metrics) queue(q *fairqueue.Queue) {
	m.gauge("reviews_waiting", "Reviews that wait for their turn.", func() float64 { return float64(q.Waiting()) })
}

// Certificate publishes when the certificate that is served expires; 0 where there is none.
func (m *Metrics) Certificate(source Certificates) {
	m.gauge("certificate_expiry_timestamp_seconds", "When the serving certificate expires.", func() float64 {
		return float64(expiry(source).Unix())
	})
}

func (m *Metrics) gauge(name, help string, value func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(
		prometheus.GaugeOpts{Namespace: "tlsward", Name: name, Help: help}, value))
}

// expiry returns the end of the certificate that is served now, 1970 where there is none.
func expiry(source Certificates) time.Time {
	none := time.Unix(0, 0)
	pair, err := source.GetCertificate(&tls.ClientHelloInfo{})
	if err != nil || pair == nil || len(pair.Certificate) == 0 {
		return none
	}
	if pair.Leaf != nil {
		return pair.Leaf.NotAfter
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return none
	}
	return leaf.NotAfter
}

// kindLabel returns the kinds of the mesh as they are, and "other" for the rest.
func kindLabel(kind string) string {
	switch kind {
	case mesh.KindServiceEntry, mesh.KindDestinationRule, mesh.KindVirtualService, mesh.KindGateway,
		mesh.KindSidecar, mesh.KindWorkloadEntry, mesh.KindEnvoyFilter, mesh.KindAuthorizationPolicy, mesh.KindService, mesh.KindNamespace, mesh.KindKubernetesGateway, mesh.KindGatewayClass,
		mesh.KindIngress, mesh.KindHTTPRoute, mesh.KindGRPCRoute, mesh.KindTLSRoute, mesh.KindTCPRoute, mesh.KindBackendTLSPolicy, mesh.KindListenerSet, mesh.KindReferenceGrant,
		mesh.KindPeerAuthentication, mesh.KindRequestAuthentication, mesh.KindProxyConfig, mesh.KindWasmPlugin, mesh.KindTrafficExtension, v1alpha1.KindExemption:
		return kind
	default:
		return "other"
	}
}

// operationLabel returns the operations of admission as they are, and "other" for the rest.
func operationLabel(operation string) string {
	switch operation {
	case "CREATE", "UPDATE", "DELETE", "CONNECT":
		return operation
	default:
		return "other"
	}
}
