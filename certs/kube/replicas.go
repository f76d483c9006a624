package kube

import (
	"context"
	"encoding/json"
	"fmt"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tlsward/tlsward/certs"
)

func (k *Kube) readReplicas(ctx context.Context, state *certs.State) error {
	found, err := k.leases.List(ctx, metav1.ListOptions{LabelSelector: ReplicaLabel + "=" + k.Secret})
	if err != nil {
		return fmt.Errorf("list the replicas' Leases: %w", err)
	}
	for _, lease := range found.Items {
		r := certs.Replica{Name: lease.Name}
		if serving := certs.DecodeBundle([]byte(lease.Annotations[ServingAnnotation])); len(serving) == 1 {
			r.Serving = serving[0]
		}
		if lease.Spec.RenewTime != nil {
			r.Renewed = lease.Spec.RenewTime.Time
		}
		state.Replicas = append(state.Replicas, r)
	}
	return nil
}

// manager owns the fields that are written by server-side apply.
const manager = "tlsward"

// Announce writes this replica's Lease. Nobody else does, so the last write is the right one.
func (k *Kube) Announce(ctx context.Context, r certs.Replica) error {
	renewed := metav1.NewMicroTime(r.Renewed)
	lease := &coordinationv1.Lease{
		TypeMeta: metav1.TypeMeta{APIVersion: coordinationv1.SchemeGroupVersion.String(), Kind: "Lease"},
		ObjectMeta: metav1.ObjectMeta{
			Name: r.Name, Namespace: k.Namespace,
			Labels:          map[string]string{ReplicaLabel: k.Secret},
			Annotations:     map[string]string{ServingAnnotation: string(certs.EncodeBundle(r.Serving))},
			OwnerReferences: k.owner(),
		},
		Spec: coordinationv1.LeaseSpec{HolderIdentity: &r.Name, RenewTime: &renewed},
	}
	raw, err := json.Marshal(lease)
	if err != nil {
		return fmt.Errorf("write Lease %s: %w", r.Name, err)
	}
	force := true
	_, err = k.leases.Patch(ctx, r.Name, types.ApplyPatchType, raw, metav1.PatchOptions{FieldManager: manager, Force: &force})
	return settle(err, "write Lease "+r.Name)
}

// owner lets the announcement go with its pod.
func (k *Kube) owner() []metav1.OwnerReference {
	if k.PodName == "" || k.PodUID == "" {
		return nil
	}
	return []metav1.OwnerReference{{APIVersion: "v1", Kind: "Pod", Name: k.PodName, UID: types.UID(k.PodUID)}}
}

// Forget deletes a replica's Lease; one that is gone already is no error.
func (k *Kube) Forget(ctx context.Context, name string) error {
	err := k.leases.Delete(ctx, name, metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("delete Lease %s: %w", name, err)
	}
	return nil
}
