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

func (c *Cluster) readReplicas(ctx context.Context, state *certs.State) error {
	found, err := c.leases.List(ctx, metav1.ListOptions{LabelSelector: ReplicaLabel + "=" + c.Secret})
	if err != nil {
		return fmt.Errorf("list the replicas' Leases: %w", err)
	}
	for _, lease := range found.Items {
		r := certs.Replica{Name: lease.Name}
		if serving := certs.DecodeBundle([]byte(lease.Annotations[ServingAnnotation])); len(serving) == 1 {
			r.ServingCA = serving[0]
		}
		if lease.Spec.RenewTime != nil {
			r.RenewTime = lease.Spec.RenewTime.Time
		}
		state.Replicas = append(state.Replicas, r)
	}
	return nil
}

// fieldManager owns the fields that are written by server-side apply.
const fieldManager = "tlsward"

// Announce applies this replica's Lease. Nobody else writes it, so a conflict is overruled.
func (c *Cluster) Announce(ctx context.Context, r certs.Replica) error {
	renewed := metav1.NewMicroTime(r.RenewTime)
	lease := &coordinationv1.Lease{
		TypeMeta: metav1.TypeMeta{APIVersion: coordinationv1.SchemeGroupVersion.String(), Kind: "Lease"},
		ObjectMeta: metav1.ObjectMeta{
			Name: r.Name, Namespace: c.Namespace,
			Labels:          map[string]string{ReplicaLabel: c.Secret},
			Annotations:     map[string]string{ServingAnnotation: string(certs.EncodeBundle(r.ServingCA))},
			OwnerReferences: c.ownerReferences(),
		},
		Spec: coordinationv1.LeaseSpec{HolderIdentity: &r.Name, RenewTime: &renewed},
	}
	raw, err := json.Marshal(lease)
	if err != nil {
		return fmt.Errorf("write Lease %s: %w", r.Name, err)
	}
	force := true
	_, err = c.leases.Patch(ctx, r.Name, types.ApplyPatchType, raw, metav1.PatchOptions{FieldManager: fieldManager, Force: &force})
	return asConflict(err, "write Lease "+r.Name)
}

// ownerReferences has the announcement deleted with its pod.
func (c *Cluster) ownerReferences() []metav1.OwnerReference {
	if c.PodName == "" || c.PodUID == "" {
		return nil
	}
	return []metav1.OwnerReference{{APIVersion: "v1", Kind: "Pod", Name: c.PodName, UID: types.UID(c.PodUID)}}
}

// Withdraw deletes a replica's Lease. It is no error if there is none.
func (c *Cluster) Withdraw(ctx context.Context, name string) error {
	err := c.leases.Delete(ctx, name, metav1.DeleteOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("delete Lease %s: %w", name, err)
	}
	return nil
}
