package oracle

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// ambientAttacks is how many attacks one process plays, or sets it lands: each mesh with ambient mode on leaves some megabytes behind.
const ambientAttacks = 150

// TestAmbientAttacks searches for writes that both webhooks admit and that take the TLS of somebody's connection through a
// waypoint, in processes of their own with ambient mode on.
func TestAmbientAttacks(t *testing.T) {
	seed := number(t, "ORACLE_SEED", uint64(time.Now().UnixNano()))
	first, attacks := number(t, "ORACLE_FIRST", 0), number(t, "ORACLE_MESHES", 3000)/10
	if os.Getenv(ambientVariable) != "true" {
		inAmbientProcesses(t, seed, first, attacks)
		return
	}
	s := ambientSearch(seed, first, attacks)
	s.attacker = func() (*Attacker, error) {
		evaluator, err := newEvaluator(t.Context())
		return &Attacker{Evaluator: evaluator, Ambient: true}, err
	}
	s.all(t)
	for class, example := range s.examples {
		report := t.Errorf
		if strings.HasPrefix(class, "own: ") {
			report = t.Logf // see TestAttacks
		}
		report("%d attacks like this one:\n%s", s.classes[class], example)
	}
}

func ambientSearch(seed, first, attacks uint64) *attackSearch {
	return &attackSearch{seed: seed, first: first, attacks: attacks, make: (*Generator).AmbientAttack}
}

// inAmbientProcesses runs the test in processes that have Istio's ambient mode on, for ambientAttacks each.
func inAmbientProcesses(t *testing.T, seed, first, all uint64) {
	t.Helper()
	for from := first; from < first+all; from += ambientAttacks {
		inAmbientProcess(t, seed, from, min(ambientAttacks, first+all-from))
	}
}

func inAmbientProcess(t *testing.T, seed, first, some uint64) {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=3h")
	command.Env = append(os.Environ(), ambientVariable+"=true",
		fmt.Sprintf("ORACLE_SEED=%d", seed), fmt.Sprintf("ORACLE_FIRST=%d", first), fmt.Sprintf("ORACLE_MESHES=%d", 10*some))
	output, err := command.CombinedOutput()
	t.Logf("%s", output)
	if err != nil {
		t.Errorf("with ambient mode on: %v", err)
	}
}

// ambientAttackClasses are the ways in which a connection through a waypoint is taken where nobody refuses them.
func ambientAttackClasses() []attackClass {
	gateway := func(l Loss) bool { return l.By.Object.Kind() == "KubernetesGateway" }
	entry := func(l Loss) bool { return l.By.Object.Kind() == "ServiceEntry" }
	spec := func(l Loss, field string) any { return l.By.Object.Spec()[field] }
	return []attackClass{
		{"the label of a waypoint", func(l Loss) bool {
			labels, _ := l.By.Object.metadata()["labels"].(map[string]any)
			return gateway(l) && l.By.Operation == "UPDATE" && labels["istio.io/waypoint-for"] != "service"
		}},
		{"the class of a waypoint", func(l Loss) bool { return gateway(l) && spec(l, "gatewayClassName") != "istio-waypoint" }},
		{"the namespaces that a waypoint takes", func(l Loss) bool {
			return gateway(l) && strings.Contains(Mesh{l.By.Object}.YAML(), "from: Selector")
		}},
		{"the listener to which a waypoint is bound", func(l Loss) bool {
			return gateway(l) && l.By.Operation == "UPDATE" && l.By.Object.metadata()["annotations"] != nil
		}},
		{"the DELETE of a waypoint", func(l Loss) bool { return gateway(l) && l.By.Operation == "DELETE" }},
		{"an entry of the host in the client's namespace", func(l Loss) bool {
			return entry(l) && declares(l) && l.Client.Namespace == tenantNamespace
		}},
		{"an older entry of the host", func(l Loss) bool {
			return entry(l) && declares(l) && l.By.Object.Name() == "old" && l.Client.Namespace != tenantNamespace
		}},
		{"an entry with the address", func(l Loss) bool { return entry(l) && !declares(l) }},
	}
}

// TestAmbientAttackSearchSees shows that the search finds attacks of each class where nobody refuses them.
func TestAmbientAttackSearchSees(t *testing.T) {
	if !ambient(t, 1) {
		return
	}
	s := ambientSearch(1, 0, ambientAttacks)
	s.attacker = func() (*Attacker, error) { return &Attacker{Ambient: true}, nil }
	s.finds(t, ambientAttackClasses())
}

// TestAmbientVictimsAreUnderTLS shows that there is something to take: of each host that an attack makes a victim behind a
// waypoint all connections of other namespaces are under TLS with the server's name checked.
func TestAmbientVictimsAreUnderTLS(t *testing.T) {
	if !ambient(t, 1) {
		return
	}
	a := &Attacker{Ambient: true}
	seen := map[string]bool{}
	for i := range uint64(20) {
		m := NewGenerator(1, i).AmbientAttack().Victims
		walks, err := a.walk(m, byName(resolved(m)))
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range *walks {
			if w.to.host == "own.example.net" || w.to.family == "any bytes" && w.payload.HTTP == nil {
				continue // not a victim; or what has no name to check
			}
			if seen[w.to.host] = true; !w.isUnderTLS() {
				t.Errorf("%s to %s:%d (%s): %v", w.client, w.to.host, w.to.port, w.to.family, w.outcomes)
			}
		}
	}
	if len(seen) != len(ambientVictims()) {
		t.Errorf("victims are %v", slices.Sorted(maps.Keys(seen)))
	}
}
