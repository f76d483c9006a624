package e2e

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/audit"
	"github.com/tlsward/tlsward/controllers/announcer"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies"
	"github.com/tlsward/tlsward/test/e2e/cluster"
)

// eventsIn returns the Events of this program in the namespace default, by time.
func eventsIn(t *testing.T, clients kubernetes.Interface) []eventsv1.Event {
	t.Helper()
	list, err := clients.EventsV1().Events("default").List(t.Context(), metav1.ListOptions{LabelSelector: "app.kubernetes.io/managed-by=tlsward"})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(list.Items, func(a, b eventsv1.Event) int { return a.EventTime.Compare(b.EventTime.Time) })
	return list.Items
}

// said returns "reason kind/name note xN" of each Event.
func said(events []eventsv1.Event) string {
	var lines []string
	for _, e := range events {
		n := int32(1)
		if e.Series != nil {
			n = e.Series.Count
		}
		lines = append(lines, fmt.Sprintf("%s %s %s/%s %s x%d", e.Type, e.Reason, e.Regarding.Kind, e.Regarding.Name, e.Note, n))
	}
	return strings.Join(lines, "; ")
}

// An Event is on the object, by its UID; it is written once, and counted once more by the next leader; another text is another Event; what
// is gone gets none.
func TestEvents(t *testing.T) {
	own := startCluster(t)
	if err := own.InstallCRDs(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := own.GrantReaders(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := own.GrantReporters(t.Context()); err != nil {
		t.Fatal(err)
	}
	user, err := own.User("announcer", cluster.ReporterGroup, cluster.ReaderGroup)
	if err != nil {
		t.Fatal(err)
	}
	clients, err := kubernetes.NewForConfig(own.Admin)
	if err != nil {
		t.Fatal(err)
	}
	admin, entry := newAPI(t, own.Admin), plainEntry()
	stored, err := admin.of(entry).Create(t.Context(), entry, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := stored.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	known, err := mesh.Decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	namespace := &mesh.Object{Ref: mesh.Ref{Kind: mesh.KindNamespace, Name: "default"}, APIVersion: "v1"}
	gone := &mesh.Object{Ref: mesh.Ref{Kind: mesh.KindServiceEntry, Namespace: "default", Name: "gone"}, APIVersion: known.APIVersion}
	finding := func(message string) *audit.Found {
		v := policies.Violation{Policy: "plaintext-egress", Action: v1alpha1.Deny, Message: message}
		found := &audit.Found{Mesh: mesh.New(mesh.DefaultSettings(), known, namespace, gone), Findings: map[mesh.Ref][]audit.Finding{}}
		for _, o := range []*mesh.Object{known, namespace, gone} {
			found.Findings[o.Ref] = []audit.Finding{{Violation: v, Object: o.Ref}}
		}
		return found
	}
	var latest atomic.Pointer[audit.Found]
	var leads atomic.Bool
	registry := prometheus.NewRegistry()
	a, err := announcer.New(announcer.Options{Config: user, Instance: "tlsward-0", Latest: latest.Load, IsLeader: leads.Load, Interval: 50 * time.Millisecond,
		Spacing: 100 * time.Millisecond, Registry: registry, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- a.Start(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	latest.Store(finding("in plaintext"))
	time.Sleep(500 * time.Millisecond)
	if got := said(eventsIn(t, clients)); got != "" {
		t.Errorf("a replica that does not lead says %s", got)
	}
	leads.Store(true)
	is := func(want string) func() bool {
		return func() bool { return said(eventsIn(t, clients)) == want }
	}
	const onNamespace, onEntry = "Warning PlaintextEgress Namespace/default in plaintext", "Warning PlaintextEgress ServiceEntry/external in plaintext"
	eventually(t, "the Events", is(onNamespace+" x1; "+onEntry+" x1"))
	if uid := eventsIn(t, clients)[1].Regarding.UID; uid != stored.GetUID() {
		t.Errorf("it is on the object %s, want %s", uid, stored.GetUID())
	}
	before := writes(t, registry)
	for range 4 { // equal audits
		latest.Store(finding("in plaintext"))
		time.Sleep(200 * time.Millisecond)
	}
	if n := writes(t, registry); n != before || n != 2 {
		t.Errorf("a steady cluster was written to: %v writes, then %v", before, n)
	}
	leads.Store(false)
	time.Sleep(200 * time.Millisecond)
	leads.Store(true)
	eventually(t, "the next leader's", is(onNamespace+" x2; "+onEntry+" x2"))
	latest.Store(finding("to another host"))
	eventually(t, "another text", func() bool { return len(eventsIn(t, clients)) == 4 })
}

// The server puts Events on what is stored, as a user with the rights that it needs and no others.
func TestServerEvents(t *testing.T) {
	own := startCluster(t)
	if err := own.InstallCRDs(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := own.GrantOperators(t.Context(), "tlsward-system"); err != nil {
		t.Fatal(err)
	}
	if err := own.GrantReporters(t.Context()); err != nil {
		t.Fatal(err)
	}
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
	clients, err := kubernetes.NewForConfig(own.Admin)
	if err != nil {
		t.Fatal(err)
	}
	newServer(t, own, "--kubeconfig", kubeconfig, "--namespace", "tlsward-system", "--events").start(t)
	eventually(t, "the Event", func() bool {
		return strings.Contains(said(eventsIn(t, clients)), "Warning PlaintextEgress DestinationRule/external")
	})
}
