package e2e

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/yaml"

	"github.com/tlsward/tlsward/test/e2e/cluster"
)

// crowdSize is how many writes must be on their way: far more than could be read one by one while an API server waits.
const crowdSize = 500

// outward takes shop.example to a plaintext port through a gateway, which needs a rule for the way beyond.
const outward = `
- apiVersion: networking.istio.io/v1
  kind: ServiceEntry
  metadata: {name: shop, namespace: default}
  spec:
    hosts: [shop.example]
    ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]
    resolution: DNS
- apiVersion: networking.istio.io/v1
  kind: Gateway
  metadata: {name: egress, namespace: default}
  spec:
    selector: {istio: egressgateway}
    servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [shop.example]}]
- apiVersion: v1
  kind: Service
  metadata: {name: istio-egressgateway, namespace: istio-system}
  spec:
    selector: {istio: egressgateway}
    ports: [{name: http, port: 80}]
- apiVersion: networking.istio.io/v1
  kind: DestinationRule
  metadata: {name: shop, namespace: default}
  spec:
    host: shop.example
    trafficPolicy:
      portLevelSettings: [{port: {number: 80}, tls: {mode: SIMPLE}}]
- apiVersion: networking.istio.io/v1
  kind: VirtualService
  metadata: {name: shop, namespace: default}
  spec:
    hosts: [shop.example]
    gateways: [egress, mesh]
    http:
    - match: [{gateways: [mesh], port: 80}]
      route: [{destination: {host: istio-egressgateway.istio-system.svc.cluster.local, port: {number: 80}}}]
    - match: [{gateways: [egress], port: 80}]
      route: [{destination: {host: shop.example, port: {number: 80}}}]
`

// A quota stops a rule after it was admitted, so no event ever shows it. The route that hangs on it is refused and told
// so, in time, although hundreds of other writes hang in the air as well. Once the rule stands, the route may come.
func TestRouteHangsOnARuleThatAQuotaStopped(t *testing.T) {
	s, stage := newServer(t, plane), newStage(t, plane)
	mutates, validates := s.start(t), s.start(t)
	s.registerAs(t, cluster.Webhooks{URL: validates.URL(), MutateURL: mutates.URL(), CA: s.pair.CA, ValidateSeconds: 3})
	ctx := t.Context()
	var objects []*unstructured.Unstructured
	if err := yaml.Unmarshal([]byte(outward), &objects); err != nil {
		t.Fatal(err)
	}
	stage.lay(t, scenario{}, senders()[0])
	needNamespace(ctx, t, stage.seed, "istio-system")
	for _, o := range objects[:3] {
		if _, err := stage.seed.of(o).Create(ctx, o, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	rule, route := objects[3], objects[4]
	needNamespace(ctx, t, stage.seed, "crowd")
	forbid(t, "crowd", "serviceentries")
	allow := forbid(t, "default", "destinationrules")
	defer crowd(t)()

	if _, err := stage.admin.of(rule).Create(ctx, rule, metav1.CreateOptions{}); err == nil || !strings.Contains(err.Error(), "exceeded quota") {
		t.Fatalf("the rule is not stopped by the quota: %v", err)
	}
	_, err := stage.admin.of(route).Create(ctx, route, metav1.CreateOptions{})
	if err == nil || !strings.Contains(err.Error(), "This hangs on DestinationRule default/shop") {
		t.Errorf("a route whose rule was admitted and not stored: %v", err)
	}
	allow()
	for _, o := range []*unstructured.Unstructured{rule, route} {
		if _, err := stage.admin.of(o).Create(ctx, o, metav1.CreateOptions{}); err != nil {
			t.Errorf("without the quota: %v", err)
		}
	}
}

// forbid lets no more of a resource into a namespace.
func forbid(t *testing.T, namespace, resources string) (allow func()) {
	t.Helper()
	clients, err := kubernetes.NewForConfig(plane.Seed)
	if err != nil {
		t.Fatal(err)
	}
	none := corev1.ResourceList{corev1.ResourceName("count/" + resources + ".networking.istio.io"): resource.MustParse("0")}
	quotas := clients.CoreV1().ResourceQuotas(namespace)
	quota, err := quotas.Create(t.Context(), &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Name: "no-" + resources},
		Spec: corev1.ResourceQuotaSpec{Hard: none}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	quota.Status = corev1.ResourceQuotaStatus{Hard: none, Used: none} // a controller would do this
	if _, err := quotas.UpdateStatus(t.Context(), quota, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		if err := quotas.Delete(t.Context(), quota.Name, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Second) // until the API server has taken note
	}
}

// crowd sends ServiceEntries that the quota refuses, from several clients, and goes on until it is told to stop. It
// returns when enough are on their way.
func crowd(t *testing.T) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	var refused atomic.Int64
	for writer := range 4 {
		a := newAPI(t, plane.Admin)
		all.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				name := fmt.Sprintf("crowd-%d-%d", writer, n)
				e := plainEntry()
				e.SetName(name)
				e.SetNamespace("crowd")
				e.Object["spec"].(map[string]any)["hosts"] = []any{name + ".example"}
				_, err := a.of(e).Create(ctx, e, metav1.CreateOptions{})
				switch {
				case apierrors.IsForbidden(err) && strings.Contains(err.Error(), "exceeded quota"):
					refused.Add(1)
				case ctx.Err() == nil:
					t.Errorf("create %s: want it stopped by the quota, got %v", name, err)
					return
				}
			}
		})
	}
	for end := time.Now().Add(10 * time.Second); refused.Load() < crowdSize && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
	}
	if refused.Load() < crowdSize {
		t.Errorf("only %d writes are on their way", refused.Load())
	}
	return func() {
		cancel()
		all.Wait()
	}
}
