package replay

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"github.com/tlsward/tlsward/internal/manifests"
)

// resources returns what the mesh reads of a cluster: for each resource its versions, in the order to ask for them.
func resources() [][]schema.GroupVersionResource {
	var list [][]schema.GroupVersionResource
	add := func(group string, versions []string, names ...string) {
		for _, name := range names {
			var served []schema.GroupVersionResource
			for _, v := range versions {
				served = append(served, schema.GroupVersionResource{Group: group, Version: v, Resource: name})
			}
			list = append(list, served)
		}
	}
	add("networking.istio.io", []string{"v1", "v1beta1", "v1alpha3"}, "serviceentries", "destinationrules",
		"virtualservices", "gateways", "sidecars", "workloadentries")
	add("networking.istio.io", []string{"v1alpha3"}, "envoyfilters")
	add("networking.istio.io", []string{"v1beta1"}, "proxyconfigs")
	add("security.istio.io", []string{"v1", "v1beta1"}, "authorizationpolicies", "peerauthentications", "requestauthentications")
	add("extensions.istio.io", []string{"v1alpha1"}, "wasmplugins", "trafficextensions")
	add("gateway.networking.k8s.io", []string{"v1", "v1beta1"}, "gateways")
	add("networking.k8s.io", []string{"v1"}, "ingresses")
	add("", []string{"v1"}, "services", "namespaces")
	return list
}

// pageSize bounds the objects in one answer of the API server.
const pageSize = 500

// Cluster reads the objects of a cluster that the mesh reads. Resources that it does not serve are left out.
func Cluster(ctx context.Context, client dynamic.Interface) ([]manifests.Document, error) {
	var docs []manifests.Document
	for _, versions := range resources() {
		found, err := readFirst(ctx, client, versions)
		if err != nil {
			return nil, err
		}
		docs = append(docs, found...)
	}
	return docs, nil
}

// readFirst reads the resource in the first version that is served.
func readFirst(ctx context.Context, client dynamic.Interface, versions []schema.GroupVersionResource) ([]manifests.Document, error) {
	for _, resource := range versions {
		docs, err := readAll(ctx, client, resource)
		if apierrors.IsNotFound(err) {
			continue
		}
		return docs, err
	}
	return nil, nil
}

func readAll(ctx context.Context, client dynamic.Interface, resource schema.GroupVersionResource) ([]manifests.Document, error) {
	var docs []manifests.Document
	options := meta.ListOptions{Limit: pageSize}
	for {
		page, err := client.Resource(resource).List(ctx, options)
		if apierrors.IsResourceExpired(err) && options.Continue != "" {
			return nil, fmt.Errorf("read %s: the cluster changed while it was read; try again", resource.Resource)
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", resource.Resource, err)
		}
		var errs []error
		for i := range page.Items {
			raw, err := page.Items[i].MarshalJSON()
			if err != nil {
				return nil, fmt.Errorf("read %s: %w", resource.Resource, err)
			}
			found, err := manifests.Parse("cluster", raw)
			docs, errs = append(docs, found...), append(errs, err)
		}
		if err := errors.Join(errs...); err != nil {
			return nil, err
		}
		if options.Continue = page.GetContinue(); options.Continue == "" {
			return docs, nil
		}
	}
}
