package reporter

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	openreports "github.com/openreports/reports-api/apis/openreports.io/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/audit"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/webhook/admission"
)

// source is what results say that they are from.
const source = "tlsward"

// A report has to fit into etcd's 1.5 MiB, whatever tenants write: the worst maxResults are in it, and its summary counts all.
const (
	maxResults  = 200
	maxMessage  = 1024
	maxFix      = 2048
	maxProperty = 256
)

// leftOutAnnotation says how many results a report has no room for.
const leftOutAnnotation = "tlsward.io/results-left-out"

// place is where a report is kept: its namespace, "" for the cluster, and its name, which the kind makes.
type place = types.NamespacedName

func placeOf(ref mesh.Ref) place {
	return place{Namespace: ref.Namespace, Name: source + "-" + strings.ToLower(ref.Kind)}
}

// reportsOf returns the reports on what an audit found, without the times of their results.
func reportsOf(found audit.Found) map[place]*openreports.Report {
	results := map[place][]openreports.ReportResult{}
	for ref, list := range found.Findings {
		for _, f := range list {
			results[placeOf(ref)] = append(results[placeOf(ref)], resultOf(found, f))
		}
	}
	for ref, err := range found.Undecided {
		results[placeOf(ref)] = append(results[placeOf(ref)], openreports.ReportResult{Source: source, Policy: "undecided", Rule: "undecided",
			Result: "error", Description: admission.Clip(err.Error(), maxMessage), Subjects: []corev1.ObjectReference{subjectOf(found.Mesh, ref)}})
	}
	reports := map[place]*openreports.Report{}
	for at, list := range results {
		reports[at] = newReport(at, list)
	}
	return reports
}

func newReport(at place, results []openreports.ReportResult) *openreports.Report {
	r := &openreports.Report{Source: source}
	r.Name, r.Namespace = at.Name, at.Namespace
	if at.Namespace != "" {
		r.Scope = &corev1.ObjectReference{APIVersion: "v1", Kind: mesh.KindNamespace, Name: at.Namespace}
	}
	for _, result := range results {
		count(&r.Summary, result.Result)
	}
	slices.SortFunc(results, worseFirst)
	if more := len(results) - maxResults; more > 0 {
		results = results[:maxResults]
		r.Annotations = map[string]string{leftOutAnnotation: fmt.Sprint(more)}
	}
	r.Results = results
	return r
}

func count(s *openreports.ReportSummary, r openreports.Result) {
	switch r {
	case "fail":
		s.Fail++
	case "warn":
		s.Warn++
	case "error":
		s.Error++
	case "skip":
		s.Skip++
	}
}

// worseFirst orders results by what they are, then so that equal audits make equal reports.
func worseFirst(a, b openreports.ReportResult) int {
	order := []openreports.Result{"fail", "error", "warn", "skip"}
	return cmp.Or(cmp.Compare(slices.Index(order, a.Result), slices.Index(order, b.Result)), cmp.Compare(identity(a), identity(b)))
}

// resultOf returns what a finding is in a report: fail for what is denied, or waits for its partner for too long, warn for what is not, skip
// for what is exempt.
func resultOf(found audit.Found, f audit.Finding) openreports.ReportResult {
	r := openreports.ReportResult{Source: source, Policy: f.Policy, Rule: ruleOf(f), Scored: true, Subjects: []corev1.ObjectReference{subjectOf(found.Mesh, f.Object)},
		Description: admission.Clip(f.Message, maxMessage), Properties: properties(f)}
	switch {
	case f.Undecided:
		r.Result, r.Scored = "error", false
	case f.Exempt != "":
		r.Result, r.Severity, r.Scored = "skip", "info", false
	case f.Action == v1alpha1.Deny, f.Overdue(found.At):
		r.Result, r.Severity = "fail", "high"
	case f.Action == v1alpha1.Warn:
		r.Result, r.Severity = "warn", "medium"
	default:
		r.Result, r.Severity = "warn", "low"
	}
	if !f.Until.IsZero() {
		r.Properties[pendingSince] = f.Since.UTC().Format(time.RFC3339)
	}
	if f.Overdue(found.At) {
		r.Properties[overdue] = "since " + f.Until.UTC().Format(time.RFC3339)
	}
	return r
}

// ruleOf returns the port of the host that a finding is about, its policy where it is about the object itself.
func ruleOf(f audit.Finding) string {
	switch {
	case f.Host == "":
		return f.Policy
	case f.Port == 0:
		return admission.Clip(f.Host, maxProperty)
	}
	return fmt.Sprintf("%s:%d", admission.Clip(f.Host, maxProperty), f.Port)
}

func properties(f audit.Finding) map[string]string {
	all := map[string]string{"action": string(f.Action), "host": admission.Clip(f.Host, maxProperty), "client": admission.Clip(f.Client, maxProperty),
		"decidedBy": admission.Clip(f.DecidedBy, maxProperty), "exempt": admission.Clip(f.Exempt, maxProperty), "fix": admission.Clip(f.Fix, maxFix)}
	if f.Port != 0 {
		all["port"] = fmt.Sprint(f.Port)
	}
	maps.DeleteFunc(all, func(_, value string) bool { return value == "" })
	return all
}

// subjectOf returns the object as Kubernetes names it.
func subjectOf(snap *mesh.Snapshot, ref mesh.Ref) corev1.ObjectReference {
	s := corev1.ObjectReference{Kind: ref.Kind, Namespace: ref.Namespace, Name: ref.Name}
	if ref.Kind == mesh.KindKubernetesGateway {
		s.Kind = mesh.KindGateway
	}
	if o := snap.Get(ref); o != nil {
		s.APIVersion = o.APIVersion
	}
	return s
}

// identity returns what makes a result the same as an earlier one.
func identity(r openreports.ReportResult) string {
	parts := []string{string(r.Result), r.Policy, r.Rule, r.Properties["client"]}
	for _, s := range r.Subjects {
		parts = append(parts, s.Kind, s.Namespace, s.Name)
	}
	return strings.Join(append(parts, r.Description), "\x00")
}

// stamp gives each result of a report the time at which it was found first: that of an equal one before, else now.
func stamp(r, before *openreports.Report, now time.Time) {
	known := map[string]openreports.ReportResult{}
	if before != nil {
		for _, result := range before.Results {
			known[identity(result)] = result
		}
	}
	for i := range r.Results {
		at := metav1.Timestamp{Seconds: now.Unix()}
		if same, ok := known[identity(r.Results[i])]; ok {
			at = same.Timestamp
			keepPending(&r.Results[i], same)
		}
		r.Results[i].Timestamp = at
	}
}
