package e2e

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/audit"
	"github.com/tlsward/tlsward/controllers/reporter"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies"
	"github.com/tlsward/tlsward/test/e2e/cluster"
)

var (
	openReports  = schema.GroupVersionResource{Group: "openreports.io", Version: "v1alpha1", Resource: "reports"}
	olderReports = schema.GroupVersionResource{Group: "wgpolicyk8s.io", Version: "v1alpha2", Resource: "policyreports"}
)

// reportOn returns "fail warn policy rule version" of a report in the namespace default, and its version; "" for none.
func reportOn(t *testing.T, a api, resource schema.GroupVersionResource, name string) (told, version string) {
	t.Helper()
	r, err := a.Resource(resource).Namespace("default").Get(t.Context(), name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return "", ""
	}
	if err != nil {
		t.Fatal(err)
	}
	var results string
	list, _, _ := unstructured.NestedSlice(r.Object, "results")
	for _, each := range list {
		result := each.(map[string]any)
		subject := result["resources"].([]any)[0].(map[string]any)
		results += fmt.Sprintf("%v %v %v %v %v/%v of %v; ", result["result"], result["severity"], result["policy"], result["rule"], subject["kind"], subject["name"], result["source"])
	}
	return results, r.GetResourceVersion()
}

func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for range 300 {
		if condition() {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("%s: not within 30 s", what)
}

func reporting(t *testing.T, plane *cluster.Cluster) *rest.Config {
	t.Helper()
	if err := plane.GrantReporters(t.Context()); err != nil {
		t.Fatal(err)
	}
	user, err := plane.User("reporter", cluster.ReporterGroup)
	if err != nil {
		t.Fatal(err)
	}
	return user
}

// Reports are in the API that is installed, the newer before the older; written on change alone, by the leader alone; written back where
// somebody takes them away; and gone with what they are about.
func TestReports(t *testing.T) {
	own := startCluster(t)
	user, admin := reporting(t, own), newAPI(t, own.Admin)
	entry := mesh.Ref{Kind: mesh.KindServiceEntry, Namespace: "default", Name: "external"}
	finding := func(action v1alpha1.Action) *audit.Found {
		v := policies.Violation{Policy: "plaintext-egress", Action: action, Message: "in plaintext", Host: "external.example", Port: 80, Client: "default"}
		cluster := mesh.Ref{Kind: mesh.KindGatewayClass, Name: "mine"}
		return &audit.Found{Mesh: mesh.New(mesh.DefaultSettings()), Findings: map[mesh.Ref][]audit.Finding{
			entry: {{Violation: v, Object: entry}}, cluster: {{Violation: v, Object: cluster}}}}
	}
	var latest atomic.Pointer[audit.Found]
	var leads atomic.Bool
	registry := prometheus.NewRegistry()
	r, err := reporter.New(reporter.Options{Config: user, Latest: latest.Load, IsLeader: leads.Load, Interval: 50 * time.Millisecond,
		Resync: time.Second, Retry: 200 * time.Millisecond, Registry: registry, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- r.Start(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	const name, failed, warned = "tlsward-serviceentry",
		"fail high plaintext-egress external.example:80 ServiceEntry/external of tlsward; ",
		"warn medium plaintext-egress external.example:80 ServiceEntry/external of tlsward; "
	is := func(resource schema.GroupVersionResource, want string) func() bool {
		return func() bool { got, _ := reportOn(t, admin, resource, name); return got == want }
	}
	leads.Store(true)
	latest.Store(finding(v1alpha1.Deny))
	time.Sleep(time.Second)
	if n := writes(t, registry); n != 0 {
		t.Errorf("%v writes where no API for reports is installed", n)
	}
	if err := own.InstallOlderReports(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the report of the older API", is(olderReports, failed))
	if err := own.InstallReports(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the report of the newer API", is(openReports, failed))
	eventually(t, "the older report's end", is(olderReports, ""))
	clusters := openReports
	clusters.Resource = "clusterreports"
	if _, err := admin.Resource(clusters).Get(t.Context(), "tlsward-gatewayclass", metav1.GetOptions{}); err != nil {
		t.Error(err)
	}

	before := writes(t, registry)
	_, version := reportOn(t, admin, openReports, name)
	for range 4 { // equal audits, and the reports read again
		latest.Store(finding(v1alpha1.Deny))
		time.Sleep(500 * time.Millisecond)
	}
	if _, now := reportOn(t, admin, openReports, name); now != version || writes(t, registry) != before {
		t.Errorf("a steady cluster was written to: %v writes, version %s after %s", writes(t, registry)-before, now, version)
	}
	if err := admin.Resource(openReports).Namespace("default").Delete(t.Context(), name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the report that somebody took away", is(openReports, failed))
	latest.Store(finding(v1alpha1.Warn))
	eventually(t, "what changes", is(openReports, warned))
	leads.Store(false)
	latest.Store(&audit.Found{Mesh: mesh.New(mesh.DefaultSettings())})
	time.Sleep(time.Second)
	if !is(openReports, warned)() {
		t.Error("a replica that does not lead writes")
	}
	leads.Store(true)
	eventually(t, "the report's end", is(openReports, ""))
}

// writes returns how often reports were written or deleted, or should have been.
func writes(t *testing.T, registry prometheus.Gatherer) (n float64) {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			n += m.GetCounter().GetValue()
		}
	}
	return n
}

// The server reports what is stored, as a user with the rights that it needs and no others.
func TestServerReports(t *testing.T) {
	own := startCluster(t)
	if err := own.InstallCRDs(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := own.InstallReports(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := own.GrantOperators(t.Context(), "tlsward-system"); err != nil {
		t.Fatal(err)
	}
	reporting(t, own)
	stage := newStage(t, own)
	for _, o := range []*unstructured.Unstructured{plainEntry(), disabledRule()} {
		if _, err := stage.seed.of(o).Create(t.Context(), o, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	kubeconfig, err := own.Kubeconfig("server", cluster.ReaderGroup, cluster.OperatorGroup, cluster.ReporterGroup)
	if err != nil {
		t.Fatal(err)
	}
	newServer(t, own, "--kubeconfig", kubeconfig, "--namespace", "tlsward-system", "--reports").start(t)
	eventually(t, "the report", func() bool {
		got, _ := reportOn(t, stage.admin, openReports, "tlsward-destinationrule")
		return got != ""
	})
	rule := disabledRule()
	if err := stage.seed.of(rule).Delete(t.Context(), rule.GetName(), metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the end of the report on what is gone", func() bool {
		got, _ := reportOn(t, stage.admin, openReports, "tlsward-destinationrule")
		return got == ""
	})
}
