package cluster

import (
	"context"
	"fmt"

	rbac "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// ReaderGroup is the group of users who may do what a tlsward with a mounted certificate needs: read the mesh.
const ReaderGroup = "tlsward-readers"

// GrantReaders lets ReaderGroup list and watch the mesh, and do nothing else.
func (c *Cluster) GrantReaders(ctx context.Context) error {
	read := []string{"get", "list", "watch"}
	return c.grant(ctx, ReaderGroup,
		rbac.PolicyRule{Verbs: read, APIGroups: []string{""}, Resources: []string{"services", "namespaces"}},
		rbac.PolicyRule{
			Verbs: read, APIGroups: []string{"networking.istio.io", "security.istio.io", "gateway.networking.k8s.io"},
			Resources: []string{"*"},
		},
		rbac.PolicyRule{
			Verbs: read, APIGroups: []string{"apiextensions.k8s.io"}, Resources: []string{"customresourcedefinitions"},
		},
	)
}

func (c *Cluster) grant(ctx context.Context, group string, rules ...rbac.PolicyRule) error {
	clients, err := kubernetes.NewForConfig(c.Seed)
	if err != nil {
		return fmt.Errorf("grant %s: %w", group, err)
	}
	meta := metav1.ObjectMeta{Name: group}
	_, err = clients.RbacV1().ClusterRoles().Create(ctx, &rbac.ClusterRole{ObjectMeta: meta, Rules: rules}, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("grant %s: %w", group, err)
	}
	_, err = clients.RbacV1().ClusterRoleBindings().Create(ctx, &rbac.ClusterRoleBinding{
		ObjectMeta: meta,
		RoleRef:    rbac.RoleRef{APIGroup: rbac.GroupName, Kind: "ClusterRole", Name: group},
		Subjects:   []rbac.Subject{{APIGroup: rbac.GroupName, Kind: rbac.GroupKind, Name: group}},
	}, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("bind %s: %w", group, err)
	}
	return nil
}
