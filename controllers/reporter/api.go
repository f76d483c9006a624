package reporter

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	openreports "github.com/openreports/reports-api/apis/openreports.io/v1alpha1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
)

// managedByLabel marks the reports that this program keeps.
const managedByLabel = "app.kubernetes.io/managed-by"

// fieldManager owns the fields of reports.
const fieldManager = "tlsward-reports"

// API is one of the ecosystem's APIs for reports. Both have the same fields, but for those that fields leaves out.
type API struct {
	schema.GroupVersion
	// kind and resource are those of reports in namespaces; those of the cluster have "Cluster" and "cluster" before them.
	kind, resource string
	// lacks are the top-level fields of openreports.io that this API does not have.
	lacks []string
}

// apis returns the APIs, that which is preferred first.
func apis() []API {
	return []API{
		{GroupVersion: schema.GroupVersion{Group: "openreports.io", Version: "v1alpha1"}, kind: "Report", resource: "reports"},
		{GroupVersion: schema.GroupVersion{Group: "wgpolicyk8s.io", Version: "v1alpha2"}, kind: "PolicyReport", resource: "policyreports", lacks: []string{"source"}},
	}
}

// served returns the APIs that the API server has, that which is preferred first.
func served(ctx context.Context, d discovery.ServerResourcesInterfaceWithContext) ([]API, error) {
	var found []API
	for _, a := range apis() {
		_, err := d.ServerResourcesForGroupVersionWithContext(ctx, a.String())
		switch {
		case err == nil:
			found = append(found, a)
		case !apierrors.IsNotFound(err):
			return nil, fmt.Errorf("ask for %s: %w", a, err)
		}
	}
	return found, nil
}

// client returns what writes reports in a namespace, "" for those of the cluster.
func (a API) client(objects dynamic.Interface, namespace string) dynamic.ResourceInterface {
	if namespace == "" {
		return objects.Resource(a.WithResource("cluster" + a.resource))
	}
	return objects.Resource(a.WithResource(a.resource)).Namespace(namespace)
}

// list returns the reports that this program keeps. Of one that cannot be decoded it returns no more than the name, and unread says which.
func (a API) list(ctx context.Context, objects dynamic.Interface) (all []openreports.Report, unread, err error) {
	for _, resource := range []string{a.resource, "cluster" + a.resource} {
		list, err := objects.Resource(a.WithResource(resource)).List(ctx, metav1.ListOptions{LabelSelector: managedByLabel + "=" + source})
		if err != nil {
			return nil, nil, fmt.Errorf("list %s: %w", resource, err)
		}
		for _, item := range list.Items {
			r, err := decode(&item)
			if err != nil {
				unread = errors.Join(unread, fmt.Errorf("read %s %s/%s: %w", resource, item.GetNamespace(), item.GetName(), err))
				r = &openreports.Report{}
				r.Name, r.Namespace = item.GetName(), item.GetNamespace()
			}
			all = append(all, *r)
		}
	}
	return all, unread, nil
}

// apply writes a report.
func (a API) apply(ctx context.Context, objects dynamic.Interface, r *openreports.Report) error {
	raw, err := a.encode(r)
	if err != nil {
		return err
	}
	force := true
	_, err = a.client(objects, r.Namespace).Patch(ctx, r.Name, types.ApplyPatchType, raw, metav1.PatchOptions{FieldManager: fieldManager, Force: &force})
	if err != nil {
		return fmt.Errorf("write %s %s/%s: %w", a.resource, r.Namespace, r.Name, err)
	}
	return nil
}

// remove deletes a report.
func (a API) remove(ctx context.Context, objects dynamic.Interface, namespace, name string) error {
	if err := a.client(objects, namespace).Delete(ctx, name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("delete %s %s/%s: %w", a.resource, namespace, name, err)
	}
	return nil
}

// encode returns a report as this API has it: equal reports are equal bytes.
func (a API) encode(r *openreports.Report) ([]byte, error) {
	fields := map[string]any{"apiVersion": a.String(), "kind": a.kind, "metadata": metadataOf(r), "summary": r.Summary, "results": r.Results, "source": r.Source}
	if r.Scope != nil {
		fields["scope"] = r.Scope
	}
	if r.Namespace == "" {
		fields["kind"] = "Cluster" + a.kind
	}
	for _, field := range a.lacks {
		delete(fields, field)
	}
	raw, err := json.Marshal(fields)
	if err != nil {
		return nil, fmt.Errorf("write %s/%s as JSON: %w", r.Namespace, r.Name, err)
	}
	return raw, nil
}

// metadataOf returns of the metadata what this program writes.
func metadataOf(r *openreports.Report) map[string]any {
	m := map[string]any{"name": r.Name, "labels": map[string]string{managedByLabel: source}}
	if r.Namespace != "" {
		m["namespace"] = r.Namespace
	}
	if left := r.Annotations[leftOutAnnotation]; left != "" {
		m["annotations"] = map[string]string{leftOutAnnotation: left}
	}
	return m
}

func decode(o *unstructured.Unstructured) (*openreports.Report, error) {
	raw, err := o.MarshalJSON()
	if err != nil {
		return nil, err
	}
	r := &openreports.Report{}
	return r, json.Unmarshal(raw, r)
}
