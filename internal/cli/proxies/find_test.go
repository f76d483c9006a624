package proxies

import (
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/tlsward/tlsward/internal/cli/proxies/proxiestest"
)

func TestFind(t *testing.T) {
	app := corev1.Container{Name: "app"}
	sidecar := corev1.Container{Name: container, Args: []string{"proxy", "sidecar"}}
	native := proxiestest.Pod("shop", "native", app)
	native.Spec.InitContainers = []corev1.Container{sidecar}
	pending := proxiestest.Pod("shop", "pending", app, sidecar)
	pending.Status.Phase = corev1.PodPending
	server := &proxiestest.Server{Pods: []corev1.Pod{
		proxiestest.Pod("shop", "old", app, sidecar), native, pending, proxiestest.Pod("shop", "plain", app),
		proxiestest.Pod("istio-system", "egress", corev1.Container{Name: container, Args: []string{"proxy", "router"}}),
		proxiestest.Pod("istio-system", "ztunnel-x", corev1.Container{Name: container, Args: []string{"proxy", "ztunnel"}}),
		proxiestest.Pod("bare", "plain", app),
	}}
	client, err := dynamic.NewForConfig(&rest.Config{Host: server.Start(t)})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name      string
		pods      []string
		namespace string
		want, err string
	}{
		{name: "all namespaces", want: "[istio-system/egress shop/native shop/old]"},
		{name: "one namespace", namespace: "shop", want: "[shop/native shop/old]"},
		{name: "a namespace without proxies", namespace: "bare", err: "no running pod of namespace bare has a container istio-proxy"},
		{name: "pods of a namespace", pods: []string{"a", "b"}, namespace: "shop", want: "[shop/a shop/b]"},
		{name: "a pod of the context's namespace", pods: []string{"a"}, want: "[default/a]"},
		{name: "a pod with its namespace", pods: []string{"a.b.shop"}, namespace: "bank", want: "[shop/a.b]"},
		{name: "no name", pods: []string{".shop"}, err: `".shop" names no pod`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			found, err := Find(t.Context(), client, tc.pods, tc.namespace, "default")
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Errorf("got %v, want %s", err, tc.err)
				}
				return
			}
			if have := fmt.Sprint(found); err != nil || have != tc.want {
				t.Errorf("got %s, %v, want %s", have, err, tc.want)
			}
		})
	}
}
