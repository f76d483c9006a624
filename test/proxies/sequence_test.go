//go:build proxies

package proxies

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/tlsward/tlsward/mesh"
)

// attacksVariable is how many attacks of the search are played, a few around the one that is known to take connections if nothing else
// is said.
const attacksVariable = "TLSWARD_ATTACKS"

// TestAttackSearch plays random attacks of the oracle's search through the webhooks, and opens the victims' connections from a pod that
// starts afterwards: none that was under TLS with its server's name checked is in plaintext, unchecked, or checked as another. Those of
// which a write is refused are played once more as if the webhooks were not there: attack 29 of seed 1 takes connections then, else
// nothing is shown.
func TestAttackSearch(t *testing.T) {
	s := newScene(t)
	seed, first, count := number(t, seedVariable, 1), number(t, firstVariable, 28), number(t, attacksVariable, 5)
	sequences, err := s.world.sequences(t.Context(), seed, first, count)
	if err != nil {
		t.Fatal(err)
	}
	run := newMeshRun(s)
	if err := s.world.Credential(t.Context(), rootNamespace, "client-credential", "client.example"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.world.removeCredential(context.Background(), rootNamespace, "client-credential") })
	began := time.Now()
	judged, blind := newAttackTally(), newAttackTally()
	for i, q := range sequences {
		n := first + uint64(i)
		refused := judged.writes[refusedWrite]
		for _, l := range run.attack(s, judged, n, q, s.world.judged) {
			t.Errorf("attack %d: %s\n%s", n, l, q.yaml())
		}
		if judged.writes[refusedWrite] > refused {
			for _, l := range run.attack(s, blind, n, q, s.world.unseen) {
				t.Logf("attack %d, without the webhooks: %s", n, l)
			}
		}
	}
	t.Logf("%s=%d %s=%d: %d attacks in %s", seedVariable, seed, firstVariable, first, count, time.Since(began).Round(time.Second))
	judged.log(t, "with the webhooks")
	blind.log(t, "without them")
	takes := seed == 1 && first <= taken && taken < first+count
	if judged.checked == 0 || takes && len(blind.lost) == 0 {
		t.Error("nothing is shown: no connection was opened, or none is lost without the webhooks")
	}
}

// taken is an attack of seed 1 that takes connections where nobody refuses it.
const taken = 29

// attackTally adds up what became of attacks.
type attackTally struct {
	attacks, checked, arrived int
	// writes counts what became of writes, lost the connections that are lost by how, idle the attacks of which nothing was stored.
	writes map[outcome]int
	lost   map[string]int
	idle   int
}

func newAttackTally() *attackTally {
	return &attackTally{writes: map[outcome]int{}, lost: map[string]int{}}
}

func (c *attackTally) log(t *testing.T, how string) {
	t.Helper()
	t.Logf("%s: %d attacks, of %d nothing was stored; %d writes stored, %d refused, %d had nothing to do", how, c.attacks, c.idle,
		c.writes[stored], c.writes[refusedWrite], c.writes[nothingToDo])
	t.Logf("%s: %d connections that were under TLS with the name checked were opened, %d arrived", how, c.checked, c.arrived)
	for _, name := range slices.Sorted(maps.Keys(c.lost)) {
		t.Logf("%6d  lost: %s", c.lost[name], name)
	}
}

// attackedNamespaces are those whose clients an attack is shown to, each to one: that of the victims' objects, one that has none, and one
// to which tenants export.
var attackedNamespaces = []string{"default", "elsewhere", "shop"}

// attack plays one attack as somebody, and returns what is lost by it.
func (r *meshRun) attack(s *scene, tally *attackTally, number uint64, q sequence, as client.Client) []string {
	s.Helper()
	ctx := s.Context()
	defer func() {
		if err := r.world.forgetObjects(context.Background()); err != nil {
			s.Error(err)
		}
		if err := r.world.restore(context.Background(), q.objects()); err != nil {
			s.Error(err)
		}
	}()
	fail := func(err error) {
		s.Helper()
		if err != nil {
			s.Fatalf("attack %d: %v\n%s", number, err, q.yaml())
		}
	}
	egress := q.egressGateway()
	if egress != nil {
		fail(r.world.egressServiceOf(ctx, egress))
		defer r.world.removeService(context.Background(), egress.GetNamespace(), egress.GetName())
	}
	fail(r.world.writeVictims(ctx, q, egress))
	pause() // what the tenant has is younger
	meshConfig, err := r.world.configure(ctx, nil)
	fail(err)
	before, err := r.world.snapshot(ctx, meshConfig)
	fail(err)
	namespace, labels := attackedNamespaces[number%uint64(len(attackedNamespaces))], map[string]string{"app": "curl"}
	all := r.underTLS(before, mesh.Client{Kind: mesh.ClientSidecar, Namespace: namespace, Labels: labels})
	tally.attacks++
	changed := 0
	for _, w := range q.Writes {
		what, err := r.world.play(ctx, as, w)
		fail(err)
		tally.writes[what]++
		if what == stored {
			changed++
		}
	}
	if changed == 0 {
		tally.idle++
	}
	fail(r.open(ctx, all, egress, namespace, clientName(number), labels))
	var lost []string
	for _, a := range all {
		tally.checked++
		if len(a.seen[rightCertificate]) > 0 {
			tally.arrived++
		}
		if how := a.lost(); how != "" {
			tally.lost[how]++
			lost = append(lost, fmt.Sprintf("%s of %s: %s", how, namespace, a))
		}
	}
	return lost
}

// open has pods that start now, the egress gateway's where there is one and a client's, open connections.
func (r *meshRun) open(ctx context.Context, all []*asked, egress *unstructured.Unstructured, namespace, name string, labels map[string]string) error {
	if egress != nil {
		if err := r.world.readSecrets(ctx, egress.GetNamespace(), egress.GetName()); err != nil {
			return err
		}
		pod, err := r.world.pod(ctx, egress.GetNamespace(), egress.GetName(), "router", egress.GetLabels())
		if err != nil {
			return err
		}
		defer pod.stop(context.Background())
	}
	pod, err := r.world.Sidecar(ctx, namespace, name, labels)
	if err != nil {
		return err
	}
	defer pod.stop(context.Background())
	time.Sleep(300 * time.Millisecond)
	for _, t := range []trial{rightCertificate, anotherName, unknownAuthority} {
		for _, a := range all {
			if err := r.try(ctx, pod, a, t); err != nil {
				return err
			}
		}
	}
	return nil
}
