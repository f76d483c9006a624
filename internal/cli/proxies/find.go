package proxies

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
)

// container is the name of the proxy's container, in sidecars as in gateways (pkg/kube/inject, ProxyContainerName).
const container = "istio-proxy"

// pageSize bounds the pods in one answer of the API server.
const pageSize = 500

// Find returns the pods whose proxies are to be asked: those that are named ("POD" or, as istioctl has it, "POD.NAMESPACE"), else all of
// a namespace that run an Envoy, or of all namespaces for "". A pod that is named without its namespace is of fallback where namespace
// is "". It is an error where there are none.
func Find(ctx context.Context, client dynamic.Interface, names []string, namespace, fallback string) ([]types.NamespacedName, error) {
	if len(names) > 0 {
		if namespace == "" {
			namespace = fallback
		}
		return named(names, namespace)
	}
	found, err := running(ctx, client, namespace)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("no running pod%s has a container %s with an Envoy", in(namespace), container)
	}
	return found, nil
}

func in(namespace string) string {
	if namespace == "" {
		return ""
	}
	return " of namespace " + namespace
}

// named reads the names of pods.
func named(names []string, namespace string) ([]types.NamespacedName, error) {
	var pods []types.NamespacedName
	for _, n := range names {
		pod := types.NamespacedName{Namespace: namespace, Name: n}
		// A pod's name may have dots, a namespace's may not.
		if i := strings.LastIndexByte(n, '.'); i >= 0 {
			pod = types.NamespacedName{Namespace: n[i+1:], Name: n[:i]}
		}
		if pod.Name == "" || pod.Namespace == "" {
			return nil, fmt.Errorf("%q names no pod: want POD or POD.NAMESPACE", n)
		}
		pods = append(pods, pod)
	}
	return pods, nil
}

// running lists the pods that run an Envoy, in order.
func running(ctx context.Context, client dynamic.Interface, namespace string) ([]types.NamespacedName, error) {
	pods := client.Resource(corev1.SchemeGroupVersion.WithResource("pods")).Namespace(namespace)
	options := meta.ListOptions{Limit: pageSize, FieldSelector: "status.phase=" + string(corev1.PodRunning)}
	var found []types.NamespacedName
	for {
		page, err := pods.List(ctx, options)
		if err != nil {
			return nil, fmt.Errorf("list the pods%s: %w", in(namespace), err)
		}
		for i := range page.Items {
			is, err := runsEnvoy(&page.Items[i])
			if err != nil {
				return nil, err
			}
			if is {
				found = append(found, types.NamespacedName{Namespace: page.Items[i].GetNamespace(), Name: page.Items[i].GetName()})
			}
		}
		if options.Continue = page.GetContinue(); options.Continue == "" {
			break
		}
	}
	slices.SortFunc(found, func(a, b types.NamespacedName) int { return strings.Compare(a.String(), b.String()) })
	return found, nil
}

// runsEnvoy reports whether a pod has a proxy that is no ztunnel, whose container has the same name.
func runsEnvoy(o *unstructured.Unstructured) (bool, error) {
	var pod corev1.Pod
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &pod); err != nil {
		return false, fmt.Errorf("read pod %s/%s: %w", o.GetNamespace(), o.GetName(), err)
	}
	// A native sidecar is an init container.
	for _, c := range slices.Concat(pod.Spec.Containers, pod.Spec.InitContainers) {
		if c.Name == container && !slices.Contains(c.Args, "ztunnel") {
			return true, nil
		}
	}
	return false, nil
}
