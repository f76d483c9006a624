package e2e

import (
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes"

	"github.com/tlsward/tlsward/certs/kube"
	"github.com/tlsward/tlsward/test/e2e/cluster"
)

// fleet is replicas side by side that keep companions, of which one leads.
type fleet struct {
	*server
	t     *testing.T
	stage stage
	alive []*cluster.Replica
}

// rulesResource is where DestinationRules are.
var rulesResource = schema.GroupVersionResource{Group: "networking.istio.io", Version: "v1", Resource: "destinationrules"}

const teams, batch = 3, 40

// team returns the namespace of an entry.
func team(i int) string { return fmt.Sprint("team-", i%teams) }

// newFleet starts two replicas of a program, and waits until one leads.
func newFleet(t *testing.T, own *cluster.Cluster, program string, args ...string) *fleet {
	t.Helper()
	clients, err := kubernetes.NewForConfig(own.Seed)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"home", team(0), team(1), team(2)} {
		ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
		if _, err := clients.CoreV1().Namespaces().Create(t.Context(), ns, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	writer, err := own.Kubeconfig("companions", "system:masters")
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(t, own, append(args, "--companions", "--existing", "--namespace", "home", "--kubeconfig", writer)...)
	s.program.Binary = program
	f := &fleet{server: s, t: t, stage: newStage(t, own)}
	f.start()
	f.start()
	f.awaitLeader()
	return f
}

func (f *fleet) start() { f.alive = append(f.alive, f.server.start(f.t)) }

// awaitLeader waits until one replica leads, has it be the first, and points the webhooks at the other one.
func (f *fleet) awaitLeader() {
	f.t.Helper()
	deadline := time.Now().Add(kube.Takeover() + 30*time.Second)
	for time.Now().Before(deadline) {
		for i, r := range f.alive {
			if leads, err := r.Metric(f.t.Context(), "tlsward_leader"); err == nil && leads == 1 {
				f.alive[0], f.alive[i] = f.alive[i], f.alive[0]
				if err := f.plane.Register(f.t.Context(), cluster.Webhooks{URL: f.alive[1].URL(), CA: f.pair.CA}); err != nil {
					f.t.Fatal(err)
				}
				return
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	f.t.Fatal("no replica leads")
}

// killLeader ends the leader as kill -9 does, and starts another replica.
func (f *fleet) killLeader() {
	f.t.Helper()
	if err := f.alive[0].Kill(); err != nil {
		f.t.Fatal(err)
	}
	f.alive = f.alive[1:]
	f.start()
}

// store stores an entry, or the rule that a person has for it.
func (f *fleet) store(kind string, i int) {
	f.t.Helper()
	host := fmt.Sprintf("h%d.bank.example", i)
	spec := map[string]any{"host": host, "trafficPolicy": map[string]any{"tls": map[string]any{"mode": "SIMPLE"}}}
	if kind == "ServiceEntry" {
		spec = map[string]any{"hosts": []any{host}, "resolution": "DNS", "location": "MESH_EXTERNAL",
			"ports": []any{map[string]any{"number": int64(80), "name": "http", "protocol": "HTTP", "targetPort": int64(443)}}}
	}
	o := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "networking.istio.io/v1", "kind": kind,
		"metadata": map[string]any{"name": fmt.Sprint("bank-", i), "namespace": team(i)}, "spec": spec}}
	if _, err := f.stage.seed.of(o).Create(f.t.Context(), o, metav1.CreateOptions{}); err != nil {
		f.t.Fatal(err)
	}
}

// companions returns the companions that there are, by name, in their versions; nil where the API server does not answer.
func (f *fleet) companions() map[string]string {
	list, err := f.stage.seed.Resource(rulesResource).List(f.t.Context(), metav1.ListOptions{LabelSelector: "tlsward.io/companion"})
	if err != nil {
		return nil
	}
	found := map[string]string{}
	for _, o := range list.Items {
		found[o.GetName()] = fmt.Sprintf("version %s, generation %d", o.GetResourceVersion(), o.GetGeneration())
		if o.GetGeneration() != 1 {
			f.t.Errorf("%s was written over: generation %d", o.GetName(), o.GetGeneration())
		}
	}
	return found
}

// await waits until there are so many companions.
func (f *fleet) await(what string, enough func(n int) bool) {
	f.t.Helper()
	began, n := time.Now(), 0
	for time.Since(began) < 2*time.Minute {
		found := f.companions()
		if n = len(found); found != nil && enough(n) {
			f.t.Logf("%s: %d companions after %s", what, n, time.Since(began).Round(time.Millisecond))
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	f.t.Fatalf("%s: %d companions", what, n)
}

func (f *fleet) writes() (n float64) {
	f.t.Helper()
	for _, r := range f.alive {
		written, err := r.Metric(f.t.Context(), "tlsward_companion_writes_total")
		if err != nil {
			f.t.Fatal(err)
		}
		n += written
	}
	return n
}

// The leader may be killed, and the API server crash, while companions are written and taken away: another replica goes on, each companion
// is written once, and then nothing is written any more.
func TestCompanionsOutliveTheirWriters(t *testing.T) {
	own := startCluster(t)
	if err := own.InstallCRDs(t.Context()); err != nil {
		t.Fatal(err)
	}
	f := newFleet(t, own, binary)
	entries := 0
	storeMore := func() {
		for range batch {
			f.store("ServiceEntry", entries)
			entries++
		}
	}

	storeMore()
	f.await("the leader is killed at", func(n int) bool { return n >= 3 })
	f.killLeader()
	storeMore()
	f.awaitLeader()
	f.await("another one leads", func(n int) bool { return n == entries })

	storeMore()
	f.await("the API server crashes at", func(n int) bool { return n >= 2*batch+3 })
	if err := own.RestartAPIServer(); err != nil {
		t.Fatal(err)
	}
	awaitPlane(t, f.stage.admin)
	f.awaitLeader()
	f.await("it is back", func(n int) bool { return n == entries })

	for i := range batch {
		f.store("DestinationRule", i)
	}
	f.await("the leader is killed once more at", func(n int) bool { return n <= entries-3 })
	f.killLeader()
	for i := range batch {
		f.store("DestinationRule", batch+i)
	}
	f.awaitLeader()
	f.await("those that made way", func(n int) bool { return n == entries-2*batch })

	before, written := f.companions(), f.writes()
	time.Sleep(10 * time.Second)
	if after := f.companions(); fmt.Sprint(after) != fmt.Sprint(before) || f.writes() != written {
		t.Errorf("it does not rest: %v writes more, from\n%v\nto\n%v", f.writes()-written, before, after)
	}
	if most := float64(2 * (entries + 2*batch)); written > most {
		t.Errorf("the replicas that live tried %v writes of %d that are needed", written, entries+2*batch)
	}
	t.Logf("the replicas that live tried %v writes", written)
}
