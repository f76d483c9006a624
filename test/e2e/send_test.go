package e2e

import (
	"context"
	"encoding/json"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/jsonmergepatch"
)

// fieldManager owns what the tests apply.
const fieldManager = "e2e"

// lastApplied is where kubectl apply keeps the file as it was sent.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// sender sends objects in one of the ways that users do. It returns what the API server answers with.
type sender struct {
	name   string
	create func(context.Context, api, *unstructured.Unstructured, []string) (*unstructured.Unstructured, error)
	update func(context.Context, api, *unstructured.Unstructured, []string) (*unstructured.Unstructured, error)
}

// senders are the ways of sending: plain requests, server-side apply, and what kubectl apply does without it.
func senders() []sender {
	return []sender{
		{name: "create and update", create: post, update: put},
		{name: "server-side apply", create: serverSide, update: serverSide},
		{name: "create and merge patch", create: post, update: mergePatch},
		{name: "kubectl apply", create: postApplied, update: patchApplied},
	}
}

// send sends a step; dryRun is nil, or metav1.DryRunAll.
func (s sender) send(ctx context.Context, a api, st step, dryRun []string) (*unstructured.Unstructured, error) {
	o := st.subject()
	switch st.Operation {
	case remove:
		return nil, a.of(o).Delete(ctx, o.GetName(), metav1.DeleteOptions{DryRun: dryRun})
	case update:
		return s.update(ctx, a, o, dryRun)
	default:
		return s.create(ctx, a, o, dryRun)
	}
}

func post(ctx context.Context, a api, o *unstructured.Unstructured, dryRun []string) (*unstructured.Unstructured, error) {
	return a.of(o).Create(ctx, o, metav1.CreateOptions{DryRun: dryRun, FieldManager: fieldManager})
}

func put(ctx context.Context, a api, o *unstructured.Unstructured, dryRun []string) (*unstructured.Unstructured, error) {
	stored, err := a.of(o).Get(ctx, o.GetName(), metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	o.SetResourceVersion(stored.GetResourceVersion())
	return a.of(o).Update(ctx, o, metav1.UpdateOptions{DryRun: dryRun, FieldManager: fieldManager})
}

func serverSide(ctx context.Context, a api, o *unstructured.Unstructured, dryRun []string) (*unstructured.Unstructured, error) {
	return a.of(o).Apply(ctx, o.GetName(), o, metav1.ApplyOptions{DryRun: dryRun, FieldManager: fieldManager, Force: true})
}

// mergePatch sends the difference from what is stored, as kubectl patch --type merge would.
func mergePatch(ctx context.Context, a api, o *unstructured.Unstructured, dryRun []string) (*unstructured.Unstructured, error) {
	stored, err := a.of(o).Get(ctx, o.GetName(), metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	return patchFrom(ctx, a, stored.Object["spec"], stored.Object["spec"], o, dryRun)
}

// postApplied creates with the annotation that kubectl apply leaves.
func postApplied(ctx context.Context, a api, o *unstructured.Unstructured, dryRun []string) (*unstructured.Unstructured, error) {
	raw, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	o.SetAnnotations(map[string]string{lastApplied: string(raw)})
	return post(ctx, a, o, dryRun)
}

// patchApplied sends the three-way difference of what was last applied, what is stored and o, as kubectl apply does.
func patchApplied(ctx context.Context, a api, o *unstructured.Unstructured, dryRun []string) (*unstructured.Unstructured, error) {
	stored, err := a.of(o).Get(ctx, o.GetName(), metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	var last unstructured.Unstructured
	if err := json.Unmarshal([]byte(stored.GetAnnotations()[lastApplied]), &last.Object); err != nil {
		return nil, fmt.Errorf("read what was last applied: %w", err)
	}
	return patchFrom(ctx, a, last.Object["spec"], stored.Object["spec"], o, dryRun)
}

func patchFrom(ctx context.Context, a api, original, current any, o *unstructured.Unstructured, dryRun []string) (*unstructured.Unstructured, error) {
	docs := make([][]byte, 0, 3)
	for _, spec := range []any{original, o.Object["spec"], current} {
		raw, err := json.Marshal(map[string]any{"spec": spec})
		if err != nil {
			return nil, err
		}
		docs = append(docs, raw)
	}
	patch, err := jsonmergepatch.CreateThreeWayJSONMergePatch(docs[0], docs[1], docs[2])
	if err != nil {
		return nil, fmt.Errorf("make a merge patch: %w", err)
	}
	return a.of(o).Patch(ctx, o.GetName(), types.MergePatchType, patch,
		metav1.PatchOptions{DryRun: dryRun, FieldManager: fieldManager})
}
