package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/tlsward/tlsward/test/e2e/cluster"
)

// floodRoute is a VirtualService whose review is about as expensive as one may be.
func floodRoute() *unstructured.Unstructured {
	routes := make([]any, 2500)
	for i := range routes {
		routes[i] = map[string]any{
			"match": []any{map[string]any{"uri": map[string]any{"prefix": fmt.Sprint("/", i)}}},
			"route": []any{map[string]any{"destination": map[string]any{"host": fmt.Sprintf("external-%d.example", i)}}},
		}
	}
	o := object("networking.istio.io/v1", "VirtualService", "flood", map[string]any{"hosts": []any{"external.example"}, "http": routes})
	o.SetNamespace("flood")
	return o
}

// While one tenant floods the webhook with dry runs, nobody else's write fails, or waits for half of the time limit. The
// flood goes to the webhook as an API server sends it: through the one of this test it would be that server which is flooded.
func TestFlood(t *testing.T) {
	s, stage := newServer(t, plane), newStage(t, plane)
	replica := s.start(t)
	s.registerAs(t, cluster.Webhooks{URL: replica.URL(), CA: s.pair.CA, ValidateSeconds: 3})
	stage.lay(t, scenario{Given: []map[string]any{plainEntry().Object}}, senders()[0])
	stage.awaitMesh(t, replica)
	quiet := stage.write(t, 3*time.Second)

	client, ctx := s.client(t), t.Context()
	var flood sync.WaitGroup
	var stopped atomic.Bool
	var sent atomic.Int64
	for range 20 {
		flood.Go(func() {
			for !stopped.Load() && ctx.Err() == nil {
				code, body := ask(t, client, http.MethodPost, replica.URL()+"/validate?timeout=3s", "application/json", floodReview(t, sent.Add(1)))
				if code != http.StatusOK && code != http.StatusTooManyRequests {
					t.Errorf("a review of the flood: %d %s", code, body)
					return
				}
			}
		})
	}
	flooded := stage.write(t, 5*time.Second)
	stopped.Store(true)
	flood.Wait()
	t.Logf("median %s and slowest %s of %d writes; in a flood of %d reviews %s and %s of %d", middle(quiet), slices.Max(quiet), len(quiet),
		sent.Load(), middle(flooded), slices.Max(flooded), len(flooded))
	if slowest := slices.Max(flooded); slowest > 1500*time.Millisecond {
		t.Errorf("a write took %s", slowest)
	}
}

// floodReview returns the n-th AdmissionReview of the flood. No two are equal: what comes again is remembered.
func floodReview(t *testing.T, n int64) string {
	route := floodRoute()
	route.SetUID(types.UID(fmt.Sprint(n)))
	raw, err := json.Marshal(route)
	if err != nil {
		t.Error(err)
	}
	review, err := json.Marshal(admissionv1.AdmissionReview{
		TypeMeta: metav1.TypeMeta{APIVersion: "admission.k8s.io/v1", Kind: "AdmissionReview"},
		Request: &admissionv1.AdmissionRequest{
			UID: types.UID(fmt.Sprint(n)), Operation: admissionv1.Create, Name: route.GetName(), Namespace: route.GetNamespace(),
			Kind:     metav1.GroupVersionKind{Group: "networking.istio.io", Version: "v1", Kind: "VirtualService"},
			UserInfo: authenticationv1.UserInfo{Username: "mallory"}, Object: runtime.RawExtension{Raw: raw}, DryRun: ptr.To(true),
		},
	})
	if err != nil {
		t.Error(err)
	}
	return string(review)
}

// write creates and deletes rules for so long, and returns how long each took. Both must be answered by a judgement.
func (s stage) write(t *testing.T, span time.Duration) (took []time.Duration) {
	t.Helper()
	for end, i := time.Now().Add(span), 0; time.Now().Before(end); i++ {
		good, bad := originatingRule(), disabledRule()
		begin := time.Now()
		if _, err := post(t.Context(), s.admin, good, []string{metav1.DryRunAll}); err != nil {
			t.Errorf("a good rule: %v", err)
		}
		took = append(took, time.Since(begin))
		begin = time.Now()
		if _, err := post(t.Context(), s.admin, bad, []string{metav1.DryRunAll}); !apierrors.IsForbidden(err) || failedCall(err) {
			t.Errorf("a bad rule: %v", err)
		}
		took = append(took, time.Since(begin))
	}
	return took
}

func middle(took []time.Duration) time.Duration {
	slices.Sort(took)
	return took[len(took)/2].Round(100 * time.Microsecond)
}
