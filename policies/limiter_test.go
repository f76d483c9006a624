package policies

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
)

// doubling returns a policy in which each of n steps doubles what the one before it gave.
func doubling(first, step string, n int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "x0 := %s\n\n", first)
	for i := range n {
		fmt.Fprintf(&b, "x%d := %s\n\n", i+1, fmt.Sprintf(step, fmt.Sprintf("x%d", i)))
	}
	fmt.Fprintf(&b, "violation contains {\"message\": \"no\"} if count(x%d) == 7\n", n)
	return b.String()
}

// exploding are policies that would take gigabytes, each by other means.
var exploding = map[string]string{
	"a range":       `violation contains {"message": "no"} if count(numbers.range(1, 1000000000)) == 7`,
	"the violation": `violation contains {"message": sprintf("%d %d", [i, j])} if { some i in numbers.range(1, 30000); some j in numbers.range(1, 30000) }`,
	"an array":      doubling("numbers.range(1, 1000)", "array.concat(%[1]s, %[1]s)", 40),
	"a text":        doubling(`sprintf("%1000d", [1])`, `concat("", [%[1]s, %[1]s])`, 40),
	"a product":     doubling(`sprintf("%1000d", [1])`, `replace(%[1]s, " ", "        ")`, 40),
}

// A policy that explodes is cut off long before the process is, and the reviews beside it go on.
func TestAPolicyThatExplodesIsCutOff(t *testing.T) {
	const limit, bound = 32, 320 // in MiB; left alone, the worst of them comes to 700 in a second
	cfg := &v1alpha1.Config{Evaluation: v1alpha1.Evaluation{MemoryMiB: limit}}
	for name, body := range exploding {
		t.Run(name, func(t *testing.T) {
			e, err := New(t.Context(), cfg, Files{"greedy.rego": own("greedy", body)})
			if err != nil {
				t.Fatal(err)
			}
			e.timeout = time.Minute // on a busy machine some need seconds to come that far
			modest := engine(t, Files{"mine.rego": own("mine", `violation contains {"message": "no"}`)})
			runtime.GC()
			begun, beside, stop := measure(), atomic.Int64{}, make(chan struct{})
			var peak atomic.Uint64
			var watchers sync.WaitGroup
			watchers.Go(func() {
				for {
					select {
					case <-stop:
						return
					case <-time.After(time.Millisecond):
						peak.Store(max(peak.Load(), measure()))
					}
				}
			})
			watchers.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					if deny, _ := evaluate(t, modest, review(mesh.Originated, mesh.CauseNone)); len(deny) != 1 {
						t.Errorf("beside it: denied by %v, want mine", deny)
					}
					beside.Add(1)
				}
			})
			began := time.Now()
			_, err = e.Evaluate(t.Context(), review(mesh.Originated, mesh.CauseNone))
			took := time.Since(began)
			close(stop)
			watchers.Wait()
			t.Logf("cut off after %s, grown by %d MiB at most; %d reviews beside it", took, (peak.Load()-begun)>>20, beside.Load())
			var failure *PolicyError
			if !errors.As(err, &failure) || failure.Policy != "greedy" || !failure.Memory {
				t.Fatalf("got %v, want policy greedy to have been cut off for its memory", err)
			}
			if grown := max(peak.Load(), begun) - begun; grown>>20 > bound {
				t.Errorf("the heap grew by %d MiB, the limit is %d", grown>>20, limit)
			}
			if beside.Load() < 10 {
				t.Errorf("only %d reviews were answered beside it", beside.Load())
			}
		})
	}
}

// Tests of policies are run when they are loaded, in the program that judges.
func TestATestThatExplodesIsCutOff(t *testing.T) {
	files := Files{
		"mine.rego":      own("mine", `violation contains {"message": "no"} if false`),
		"mine_test.rego": "package tlsward.mine_test\n\n" + strings.Replace(doubling(`sprintf("%1000d", [1])`, `concat("", [%[1]s, %[1]s])`, 40), "violation contains {\"message\": \"no\"}", "test_explodes", 1),
	}
	_, err := New(t.Context(), nil, files)
	if err == nil || !strings.Contains(err.Error(), "test policies: no answer within 256 MiB of memory") {
		t.Errorf("got %v, want the tests cut off", err)
	}
}

// A value can be small and yet endless to write down: each array holds the one before it twice. What is wrong with it
// is said in other words.
func TestAnEndlessValueIsNotWrittenDown(t *testing.T) {
	body := strings.Replace(doubling("[1]", "[%[1]s, %[1]s]", 60), `"no"} if count(x60) == 7`, "%s}", 1)
	for value, want := range map[string]string{
		`x60`:                            "message is array, not a string",
		`"no", "x": x60`:                 `violation "no": has a field "x"`,
		`"no", "action": x60`:            "action is array, not deny, warn, audit or off",
		`"no", "port": x60`:              "port is array, not a number",
		`"no", "port": 1e400`:            "which is no port",
		`"no", x60: 1`:                   "has a field that is array",
		`sprintf("%1000d", [1]), "x": 1`: "violation \"   ",
	} {
		_, err := engine(t, Files{"mine.rego": own("mine", fmt.Sprintf(body, value))}).Evaluate(t.Context(), review(mesh.Originated, mesh.CauseNone))
		var failure *PolicyError
		if !errors.As(err, &failure) || failure.Timeout || failure.Memory || !strings.Contains(err.Error(), want) || len(err.Error()) > 500 {
			t.Errorf("%s: got %.600v, want %s", value, err, want)
		}
	}
}

func measure() uint64 { return readHeapSize().objects }
