package cluster

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
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
		rbac.PolicyRule{Verbs: read, APIGroups: []string{""}, Resources: []string{"services", "namespaces", "configmaps"}},
		rbac.PolicyRule{Verbs: read, APIGroups: []string{"apps"}, Resources: []string{"deployments"}},
		rbac.PolicyRule{Verbs: read, APIGroups: []string{"networking.k8s.io"}, Resources: []string{"ingresses"}},
		rbac.PolicyRule{
			Verbs: read, APIGroups: []string{"networking.istio.io", "security.istio.io", "extensions.istio.io", "gateway.networking.k8s.io"},
			Resources: []string{"*"},
		},
		rbac.PolicyRule{
			Verbs: read, APIGroups: []string{"apiextensions.k8s.io"}, Resources: []string{"customresourcedefinitions"},
		},
	)
}

// OperatorGroup is the group of users who may do what else a tlsward needs that keeps its own CA, and companions.
const OperatorGroup = "tlsward-operators"

// GrantOperators makes the namespace that Secret and Leases live in, and grants ReaderGroup and OperatorGroup their
// rights. Which rights the chart grants, and where, is held against the chart elsewhere.
func (c *Cluster) GrantOperators(ctx context.Context, namespace string) error {
	clients, err := kubernetes.NewForConfig(c.Seed)
	if err != nil {
		return fmt.Errorf("grant %s: %w", OperatorGroup, err)
	}
	home := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}
	if _, err := clients.CoreV1().Namespaces().Create(ctx, home, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("create namespace %s: %w", namespace, err)
	}
	if err := c.GrantReaders(ctx); err != nil {
		return err
	}
	write := []string{"get", "list", "watch", "create", "update", "patch", "delete"}
	return c.grant(ctx, OperatorGroup,
		rbac.PolicyRule{Verbs: write, APIGroups: []string{""}, Resources: []string{"secrets"}},
		rbac.PolicyRule{Verbs: write, APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}},
		rbac.PolicyRule{Verbs: []string{"create", "patch"}, APIGroups: []string{"", "events.k8s.io"}, Resources: []string{"events"}},
		rbac.PolicyRule{Verbs: []string{"create", "patch", "delete"}, APIGroups: []string{"networking.istio.io"}, Resources: []string{"destinationrules"}},
		rbac.PolicyRule{
			Verbs: []string{"get", "list", "watch", "update", "patch"}, APIGroups: []string{"admissionregistration.k8s.io"},
			Resources: []string{"validatingwebhookconfigurations", "mutatingwebhookconfigurations"},
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
