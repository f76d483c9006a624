package auditor

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/audit"
	"github.com/tlsward/tlsward/policies"
	"github.com/tlsward/tlsward/webhook/admission"
)

// maxNamespaces is for how many namespaces there are series of their own; the others share "(others)". Tenants make namespaces.
const maxNamespaces = 1000

// others stands for the namespaces beyond maxNamespaces.
const others = "(others)"

// maxReason is how much of an exemption's reason is shown, in bytes.
const maxReason = 80

// descriptions are those of an Auditor's metrics.
type descriptions struct {
	violations, overdue, connections, undecided, at, took, worked, exempted, daysLeft *prometheus.Desc
}

// describe names the labels of namespaces otherwise than Prometheus does that of the pod which it asks.
func describe() descriptions {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("tlsward_"+name, help, labels, nil)
	}
	return descriptions{
		violations: desc("audit_violations", "Open violations of what is stored.", "object_namespace", "policy", "action"),
		overdue:    desc("audit_overdue", "Open violations of what is stored that wait for a partner (tls-pending) for longer than pendingGrace.", "object_namespace"),
		connections: desc("audit_connections",
			"Connections to external hosts and ports, by how they leave. Namespace * is all that nothing singles out.", "client_namespace", "state", "exempt"),
		undecided: desc("audit_undecided", "Stored objects that could not be judged."),
		at:        desc("audit_timestamp_seconds", "When the audit was last brought up to date."),
		took:      desc("audit_pass_seconds", "How long the last judgement of the whole mesh took."),
		worked:    desc("audit_pass_work_seconds", "How long it was at work, what it left to reviews aside."),
		exempted:  desc("exemption_violations", "Violations of what is stored that an exemption lets pass.", "policy", "reason", "expires", "exemption"),
		daysLeft:  desc("exemption_days_left", "Days until an exemption ends.", "policy", "reason", "expires", "exemption"),
	}
}

// Describe sends the descriptions of all metrics.
func (a *Auditor) Describe(ch chan<- *prometheus.Desc) {
	d := describe()
	for _, desc := range []*prometheus.Desc{d.violations, d.overdue, d.connections, d.undecided, d.at, d.took, d.worked, d.exempted, d.daysLeft} {
		ch <- desc
	}
}

// Collect sends what was last found; nothing before the first judgement.
func (a *Auditor) Collect(ch chan<- prometheus.Metric) {
	found := a.shown.Load()
	if found == nil {
		return
	}
	d := describe()
	send := func(desc *prometheus.Desc, value float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	send(d.undecided, float64(found.totals.Undecided))
	send(d.at, float64(found.at.Unix()))
	send(d.took, found.took.Seconds())
	send(d.worked, found.worked.Seconds())
	violations, connections := bounded(found.totals)
	for g, n := range violations {
		send(d.violations, float64(n), g.Namespace, g.Policy, string(g.Action))
	}
	names := namespacesOf(found.totals)
	late := map[string]int{}
	for namespace, n := range found.totals.Overdue {
		late[names.label(namespace)] += n
	}
	for namespace, n := range late {
		send(d.overdue, float64(n), namespace)
	}
	for g, n := range connections {
		send(d.connections, float64(n), g.Namespace, string(g.State), strconv.FormatBool(g.Exempt))
	}
	for labels, n := range exempted(found.evaluator, found.totals) {
		send(d.exempted, float64(n), labels.policy, labels.reason, labels.expires, labels.object)
		send(d.daysLeft, daysLeft(labels.until), labels.policy, labels.reason, labels.expires, labels.object)
	}
}

// bounded returns totals with the namespaces beyond maxNamespaces as one: those without violations and bad connections first.
func bounded(t audit.Totals) (map[audit.Group]int, map[audit.ConnectionGroup]int) {
	names := namespacesOf(t)
	violations, connections := map[audit.Group]int{}, map[audit.ConnectionGroup]int{}
	for g, n := range t.Findings {
		g.Namespace = names.label(g.Namespace)
		violations[g] += n
	}
	for g, n := range t.Connections {
		g.Namespace = names.label(g.Namespace)
		connections[g] += n
	}
	return violations, connections
}

// exemption is an exemption as metrics name it; object is the name of the Exemption, "" for one of the configuration.
type exemption struct {
	policy, reason, expires, object string
	until                           v1alpha1.Date
}

// exempted returns how many violations each exemption lets pass, those of the configuration and Exemptions alike.
func exempted(e *admission.Evaluator, t audit.Totals) map[exemption]int {
	counts := map[exemption]int{}
	for i := range e.Config.Exemptions {
		x := &e.Config.Exemptions[i]
		key := exemption{x.Policy, admission.Clip(x.Reason, maxReason), x.Expires.Format(time.DateOnly), x.Object(), x.Expires}
		counts[key] += t.Exempted[audit.Exempted{Policy: x.Policy, Note: policies.ExemptionNote(x)}]
	}
	return counts
}

// daysLeft returns how many days it is until a day ends; negative once it has.
func daysLeft(last v1alpha1.Date) float64 {
	const day = 24 * 60 * 60
	return float64(last.AddDate(0, 0, 1).Unix()-time.Now().Unix()) / day
}
