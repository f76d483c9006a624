package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrlwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"
	ctrladmission "sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/webhook/admission"
	"github.com/tlsward/tlsward/webhook/assume"
	"github.com/tlsward/tlsward/webhook/fairqueue"
	"github.com/tlsward/tlsward/webhook/internal/fixture"
)

func TestReviewsOverHTTPS(t *testing.T) {
	f := newFixture(t, Options{Cache: newCache(t, fixture.Entry)})
	f.Use(testEvaluator(t))
	server := start(t, f.Register)

	mutated := server.review(t, "/mutate", create(t, fixture.BareRule))
	var patch []struct{ Op, Path string }
	if err := json.Unmarshal(mutated.Patch, &patch); err != nil || len(patch) == 0 {
		t.Fatalf("no patch: %+v, %v", mutated, err)
	}
	if !mutated.Allowed || mutated.PatchType == nil || *mutated.PatchType != admissionv1.PatchTypeJSONPatch {
		t.Errorf("mutate: %+v", mutated)
	}
	if again := server.review(t, "/mutate", create(t, fixture.GoodRule)); len(again.Patch) != 0 || again.PatchType != nil {
		t.Errorf("a complete rule is patched: %s", again.Patch)
	}

	if got := server.review(t, "/validate", create(t, fixture.GoodRule)); !got.Allowed || got.Result.Message != "" {
		t.Errorf("a good rule: %+v %+v", got, got.Result)
	}
	got := server.review(t, "/validate", create(t, fixture.DisabledRule))
	if got.Allowed || got.Result.Code != http.StatusForbidden || got.Result.Reason != "Forbidden" {
		t.Fatalf("a rule that disables TLS: %+v %+v", got, got.Result)
	}
	for _, want := range []string{"DestinationRule default/shop is refused", "[plaintext-egress]",
		"shop.example.com", "decided by: DestinationRule default/shop spec.trafficPolicy", "fix:"} {
		if !strings.Contains(got.Result.Message, want) {
			t.Errorf("the denial lacks %q:\n%s", want, got.Result.Message)
		}
	}
	if n := f.count(t, "tlsward_reviews_total", "webhook=validate", "kind=DestinationRule", "decision=deny"); n != 1 {
		t.Errorf("%v denials counted, want 1", n)
	}
	if n := f.count(t, "tlsward_violations_total", "policy=plaintext-egress", "action=deny"); n < 1 {
		t.Errorf("no plaintext-egress violation counted")
	}
	lines := strings.Split(strings.TrimSpace(f.log.String()), "\n")
	if len(lines) != 1 || !strings.Contains(lines[0], `"policies":["plaintext-egress"]`) || strings.Contains(lines[0], "DISABLE") {
		t.Errorf("want one line for the denial, without the object:\n%s", f.log)
	}
}

// What is warned of and noted is logged in one line too, never with the object.
func TestViolationsAreLogged(t *testing.T) {
	for _, action := range []v1alpha1.Action{v1alpha1.Warn, v1alpha1.Audit} {
		t.Run(string(action), func(t *testing.T) {
			config := v1alpha1.DefaultConfig()
			config.Policies = map[string]v1alpha1.PolicyConfig{"plaintext-egress": {Action: action}, "tls-pending": {Action: v1alpha1.Off}}
			e, err := admission.NewEvaluator(t.Context(), config)
			if err != nil {
				t.Fatal(err)
			}
			f := newFixture(t, Options{Cache: newCache(t, fixture.Entry)})
			f.Use(e)
			if got := start(t, f.Register).review(t, "/validate", create(t, fixture.DisabledRule)); !got.Allowed {
				t.Fatalf("refused: %+v", got)
			}
			message, key := "warned", "warned"
			if action == v1alpha1.Audit {
				message, key = "noted", "audited"
			}
			lines := strings.Split(strings.TrimSpace(f.log.String()), "\n")
			if len(lines) != 1 || strings.Contains(lines[0], "DISABLE") {
				t.Fatalf("want one line without the object:\n%s", f.log)
			}
			for _, want := range []string{`"msg":"` + message + `"`, `"` + key + `":["plaintext-egress"]`, `"object":"DestinationRule default/shop"`,
				`"namespace":"default"`, `"user":"alice"`, `"operation":"CREATE"`} {
				if !strings.Contains(lines[0], want) {
					t.Errorf("no %s in %s", want, lines[0])
				}
			}
		})
	}
}

// Of subresources the status of a ServiceEntry alone is judged, and nobody waits for it.
func TestStatusOfServiceEntries(t *testing.T) {
	entry := func(name, host, address string) string {
		return "{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: " + name + ", namespace: default}, " +
			"spec: {hosts: [" + host + "], resolution: DNS, ports: [{number: 5432, name: tcp, protocol: TCP}]}, " +
			"status: {addresses: [{host: " + host + ", value: " + address + "}]}}"
	}
	const rule = "{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: db, namespace: default}, " +
		"spec: {host: db.example.com, trafficPolicy: {tls: {mode: SIMPLE, sni: db.example.com, subjectAltNames: [db.example.com]}}}}"
	before := entry("other", "a.example.com", "240.240.0.9")
	f := newFixture(t, Options{Cache: newCache(t, entry("db", "db.example.com", "240.240.0.1"), rule, before)})
	f.Use(testEvaluator(t))
	server := start(t, f.Register)
	write := update(t, entry("other", "a.example.com", "240.240.0.1"), before)
	write.SubResource = "status"
	if got := server.review(t, "/validate", write); got.Allowed || !strings.Contains(got.Result.Message, "Leave status.addresses to Istio") {
		t.Errorf("the address of another host: %+v %+v", got, got.Result)
	}
	write = update(t, entry("other", "a.example.com", "240.240.0.7"), before)
	write.SubResource = "status"
	if got := server.review(t, "/validate", write); !got.Allowed || len(got.Warnings) > 0 {
		t.Errorf("an address of its own: %+v %+v", got, got.Result)
	}
	if !failsOpen(&ctrladmission.Request{AdmissionRequest: *write}) {
		t.Error("Istio would wait for what cannot be decided")
	}
}

// The status of a Service, and what is finalized of a Namespace, may bring labels and annotations along.
func TestSubresourcesThatWriteMetadata(t *testing.T) {
	service := func(annotation string) string {
		return "{apiVersion: v1, kind: Service, metadata: {name: db, namespace: default, annotations: {" + annotation + "}}, " +
			"spec: {clusterIP: 10.0.0.9, ports: [{port: 80, name: http}]}}"
	}
	f := newFixture(t, Options{Cache: newCache(t, service(""))})
	f.Use(testEvaluator(t))
	server := start(t, f.Register)
	for _, tc := range []struct {
		subresource string
		want        bool
	}{{"status", true}, {"scale", false}} {
		write := update(t, service("istio.io/newer-than-tlsward: x"), service(""))
		write.SubResource = tc.subresource
		got := server.review(t, "/validate", write)
		if judged := len(got.Warnings) > 0; !got.Allowed || judged != tc.want {
			t.Errorf("services/%s: %+v", tc.subresource, got)
		}
	}
	if !writesMetadata(&ctrladmission.Request{AdmissionRequest: admissionv1.AdmissionRequest{
		Kind: metav1.GroupVersionKind{Version: "v1", Kind: "Namespace"}, SubResource: "finalize", Operation: admissionv1.Update,
	}}) {
		t.Error("namespaces/finalize is passed by")
	}
}

// What is not ours passes at once, even if it could not be read.
func TestPassesAtOnce(t *testing.T) {
	f := newFixture(t, Options{Cache: newCache(t, fixture.Entry)})
	f.Use(testEvaluator(t))
	server := start(t, f.Register)
	leaving := strings.Replace(fixture.DisabledRule, "namespace: default", `namespace: default, deletionTimestamp: "2026-01-01T00:00:00Z"`, 1)
	status := create(t, fixture.DisabledRule)
	status.SubResource = "status"
	connect := create(t, fixture.DisabledRule)
	connect.Operation = admissionv1.Connect
	for name, r := range map[string]*admissionv1.AdmissionRequest{
		"another kind":  create(t, "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: []}"),
		"another group": create(t, "{apiVersion: example.com/v1, kind: DestinationRule, metadata: {name: a}, spec: 7}"),
		"a subresource": status,
		"CONNECT":       connect,
		"on its way":    update(t, leaving, leaving),
	} {
		for _, path := range []string{"/mutate", "/validate"} {
			if got := server.review(t, path, r); !got.Allowed || len(got.Patch) > 0 || len(got.Warnings) > 0 {
				t.Errorf("%s %s: %+v %+v", name, path, got, got.Result)
			}
		}
	}
	// A deletionTimestamp of the client's own making is no pass.
	for name, r := range map[string]*admissionv1.AdmissionRequest{
		"CREATE": create(t, leaving), "UPDATE": update(t, leaving, fixture.GoodRule),
	} {
		if got := server.review(t, "/validate", r); got.Allowed {
			t.Errorf("%s with a claimed deletionTimestamp is allowed", name)
		}
	}
}

func TestWarningsAndAudit(t *testing.T) {
	cfg := v1alpha1.DefaultConfig()
	cfg.Policies = map[string]v1alpha1.PolicyConfig{"plaintext-egress": {Action: v1alpha1.Audit}}
	evaluator, err := admission.NewEvaluator(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	f := newFixture(t, Options{Cache: newCache(t)})
	f.Use(evaluator)
	server := start(t, f.Register)
	got := server.review(t, "/validate", create(t, fixture.Entry))
	if !got.Allowed || len(got.Warnings) == 0 || !strings.HasPrefix(got.Warnings[0], "tls-pending: ") {
		t.Errorf("an fixture.Entry without its rule: %+v", got)
	}
	f.decider.Cache.Put(fixture.Object(t, fixture.Entry), assume.Version{})
	got = server.review(t, "/validate", create(t, fixture.DisabledRule))
	if !got.Allowed || got.AuditAnnotations["plaintext-egress"] == "" {
		t.Errorf("an audited violation: %+v", got)
	}
}

func TestPanicAnswersClosed(t *testing.T) {
	f := newFixture(t, Options{Cache: newCache(t)})
	f.Use(testEvaluator(t))
	boom := func(context.Context, *admission.Evaluator, *ctrladmission.Request) (outcome, error) { panic("boom") }
	server := start(t, func(s ctrlwebhook.Server) {
		f.register(s, endpoint{name: "mutate", decide: boom, undecided: leftAlone})
		f.register(s, endpoint{name: "validate", decide: boom, undecided: refused})
	})
	if got := server.review(t, "/mutate", create(t, fixture.GoodRule)); !got.Allowed || len(got.Patch) > 0 {
		t.Errorf("mutate: %+v", got)
	}
	got := server.review(t, "/validate", create(t, fixture.GoodRule))
	if got.Allowed || !strings.Contains(got.Result.Message, "could not decide") || strings.Contains(got.Result.Message, "boom") {
		t.Errorf("validate: %+v %+v", got, got.Result)
	}
	if got := server.review(t, "/validate", create(t, fixture.Service)); !got.Allowed {
		t.Errorf("a Service must not wait for anybody: %+v %+v", got, got.Result)
	}
	if n := f.count(t, "tlsward_panics_total"); n != 3 {
		t.Errorf("%v panics counted, want 3", n)
	}
	if n := f.count(t, "tlsward_undecided_total", "reason=panic"); n != 3 {
		t.Errorf("%v undecided counted, want 3", n)
	}
	if !strings.Contains(f.log.String(), `"cause":"boom"`) {
		t.Errorf("the log does not tell the cause: %s", f.log)
	}
}

func TestNoJudgeYetAnswersClosed(t *testing.T) {
	f := newFixture(t, Options{Cache: newCache(t)})
	server := start(t, f.Register)
	got := server.review(t, "/validate", create(t, fixture.GoodRule))
	if got.Allowed || !strings.Contains(got.Result.Message, "could not decide on DestinationRule default/shop") {
		t.Errorf("%+v %+v", got, got.Result)
	}
}

func TestUnknownMeshAnswersClosed(t *testing.T) {
	var waiting atomic.Bool
	waiting.Store(true)
	f := newFixture(t, Options{Cache: newCache(t, fixture.Entry), Ready: func() error {
		if waiting.Load() {
			return errors.New("waiting for Gateway")
		}
		return nil
	}})
	f.Use(testEvaluator(t))
	server := start(t, f.Register)
	got := server.review(t, "/validate", create(t, fixture.GoodRule))
	if got.Allowed || !strings.Contains(got.Result.Message, "waiting for Gateway") {
		t.Errorf("half a mesh: %+v", got)
	}
	if got := server.review(t, "/mutate", create(t, fixture.BareRule)); !got.Allowed || len(got.Patch) > 0 {
		t.Errorf("mutate with half a mesh: %+v", got)
	}
	waiting.Store(false)
	if got := server.review(t, "/validate", create(t, fixture.GoodRule)); !got.Allowed {
		t.Errorf("the whole mesh: %+v", got.Result)
	}
	waiting.Store(true) // a CRD that comes later closes nothing
	if got := server.review(t, "/validate", create(t, fixture.GoodRule)); !got.Allowed {
		t.Errorf("closed again: %+v", got.Result)
	}
}

// A review that takes longer than the API server waits is refused, not left open, and holds its slot to the end.
func TestDeadline(t *testing.T) {
	f := newFixture(t, Options{Cache: newCache(t), Seats: 1})
	f.Use(testEvaluator(t))
	leave := make(chan struct{})
	slow := func(context.Context, *admission.Evaluator, *ctrladmission.Request) (outcome, error) {
		<-leave
		return allowed(), nil
	}
	server := start(t, func(s ctrlwebhook.Server) {
		f.register(s, endpoint{name: "validate", decide: slow, undecided: refused})
	})
	begin := time.Now()
	got := server.review(t, "/validate?timeout=100ms", create(t, fixture.GoodRule))
	if took := time.Since(begin); got.Allowed || took > 2*time.Second || !strings.Contains(got.Result.Message, "no decision in time") {
		t.Errorf("after %s: %+v", took, got)
	}
	if n := f.count(t, "tlsward_undecided_total", "reason=timeout"); n != 1 {
		t.Errorf("%v timeouts counted, want 1", n)
	}
	if got := server.review(t, "/validate?timeout=50ms", create(t, fixture.GoodRule)); got.Allowed || got.Result.Code != http.StatusTooManyRequests {
		t.Errorf("%+v while the late one is at work, want 429", got)
	}
	close(leave)
	eventually(t, "the slot is free", func() bool { return f.queue.InHand() == 0 })
}

func TestDeadlineFromQuery(t *testing.T) {
	for query, want := range map[string]time.Duration{
		"": time.Second, "?timeout=500ms": 450 * time.Millisecond, "?timeout=30s": time.Second,
		"?timeout=-1s": time.Second, "?timeout=soon": time.Second,
	} {
		r, err := http.NewRequest(http.MethodPost, "/validate"+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := timeoutOf(r, time.Second); got != want {
			t.Errorf("%q: %s, want %s", query, got, want)
		}
	}
}

func TestShedding(t *testing.T) {
	f := newFixture(t, Options{Cache: newCache(t), MaxConcurrent: 1})
	f.Use(testEvaluator(t))
	entered, leave := make(chan struct{}), make(chan struct{})
	slow := func(context.Context, *admission.Evaluator, *ctrladmission.Request) (outcome, error) {
		close(entered)
		<-leave
		return allowed(), nil
	}
	server := start(t, func(s ctrlwebhook.Server) {
		f.register(s, endpoint{name: "validate", decide: slow, undecided: refused})
		f.register(s, endpoint{name: "mutate", decide: slow, undecided: leftAlone})
	})
	var wg sync.WaitGroup
	wg.Go(func() { server.review(t, "/validate", create(t, fixture.GoodRule)) })
	<-entered
	// A Service is refused, too: who floods a webhook that fails open must not open it.
	for _, text := range []string{fixture.GoodRule, serviceText} {
		got := server.review(t, "/validate", create(t, text))
		if got.Allowed || got.Result.Code != http.StatusTooManyRequests || got.Result.Details.RetryAfterSeconds != 1 || got.Result.Message != "not decided on this object: too many reviews of this user in this namespace, or of all, at once; try again" {
			t.Errorf("%+v, want 429", got)
		}
	}
	if got := server.review(t, "/mutate", create(t, fixture.GoodRule)); !got.Allowed || got.Patch != nil {
		t.Errorf("%+v of the mutator, want it left alone", got)
	}
	if status, _ := server.post(t, "/validate", "application/json", `{"request": {"namespace": "default", "userInfo": {"username": "alice"}}}`); status != http.StatusTooManyRequests {
		t.Errorf("status %d for what is no review, want 429", status)
	}
	close(leave)
	wg.Wait()
	if n := f.count(t, "tlsward_shed_total", "reason=full"); n != 4 {
		t.Errorf("%v shed, want 4", n)
	}
}

const serviceText = `{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "default"}, "spec": {"ports": [{"port": 80}]}}`

// A Service whose review is late since it has no seat is refused; one that takes long itself is not, so that no cluster hangs on it
// (docs/adr/0017-services-and-namespaces-fail-open.md).
func TestLateService(t *testing.T) {
	for name, tc := range map[string]struct {
		taken bool // whether somebody else takes the seat while the review waits for the API server
		want  bool
	}{
		"it takes long":               {false, true},
		"its seat is taken meanwhile": {true, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, Options{Cache: newCache(t), Seats: 1})
			f.Use(testEvaluator(t))
			slow := func(ctx context.Context, _ *admission.Evaluator, _ *ctrladmission.Request) (outcome, error) {
				if tc.taken {
					idle(ctx, func() {
						other, _ := f.queue.Enter(fairqueue.Flow{}, 0)
						_ = other.Sit(ctx)
					})
				}
				<-ctx.Done()
				return outcome{}, ctx.Err()
			}
			server := start(t, func(s ctrlwebhook.Server) {
				f.register(s, endpoint{name: "validate", decide: slow, undecided: refused})
			})
			got := server.review(t, "/validate?timeout=200ms", create(t, serviceText))
			if got.Allowed != tc.want {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// A policy that cannot decide refuses, says so in the metric and the log, and is named.
func TestReasonOf(t *testing.T) {
	for want, err := range map[string]error{
		"timeout": context.DeadlineExceeded,
		"error":   errors.New("x"),
	} {
		if got := reasonOf(err); got != want {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
}

func TestReloadSwapsWhileReviewsRun(t *testing.T) {
	cfg := v1alpha1.DefaultConfig()
	cfg.Policies = map[string]v1alpha1.PolicyConfig{"plaintext-egress": {Action: v1alpha1.Warn}}
	lenient, err := admission.NewEvaluator(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	strict := testEvaluator(t)
	f := newFixture(t, Options{Cache: newCache(t, fixture.Entry)})
	f.Use(strict)
	server := start(t, f.Register)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				f.Use([]*admission.Evaluator{strict, lenient}[i%2])
			}
		}
	})
	for range 100 {
		got := server.review(t, "/validate", create(t, fixture.DisabledRule))
		if warned := len(got.Warnings) > 0; got.Allowed != warned {
			t.Fatalf("a mixed answer: %+v", got)
		}
	}
	close(stop)
	wg.Wait()
}
