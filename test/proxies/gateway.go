//go:build proxies

package proxies

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	discovery "k8s.io/api/discovery/v1"
	rbac "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
)

// Gateway starts a pod that is a gateway, behind a Service of its name with these ports, and waits until it is ready. It listens on
// the target ports of the Service's.
func (w *World) Gateway(ctx context.Context, namespace, name string, labels map[string]string, ports ...int32) (*Pod, error) {
	if err := w.serves(ctx, "port", namespace, name, labels, ports...); err != nil {
		return nil, err
	}
	return w.pod(ctx, namespace, name, "router", labels)
}

// serves writes the Service of the pod that starts next, and lets it read Secrets.
func (w *World) serves(ctx context.Context, protocol, namespace, name string, labels map[string]string, ports ...int32) error {
	if err := w.namespace(ctx, namespace); err != nil {
		return err
	}
	if err := w.service(ctx, namespace, name, protocol, labels, ports); err != nil {
		return err
	}
	return w.readSecrets(ctx, namespace, name)
}

// targetPort is the pod's port behind a Service's: one that needs no privilege.
func targetPort(port int32) int32 {
	if port < 1024 {
		return port + 8000
	}
	return port
}

// service writes the Service of a pod, with ports named after their protocol, and where the pod that starts next is behind it.
func (w *World) service(ctx context.Context, namespace, name, protocol string, labels map[string]string, ports []int32) error {
	var named []corev1.ServicePort
	for _, p := range ports {
		named = append(named, corev1.ServicePort{Name: fmt.Sprintf("%s-%d", protocol, p), Port: p})
	}
	return w.writeService(ctx, namespace, name, labels, named)
}

// writeService writes the Service of a pod and where the pod that starts next is behind it.
func (w *World) writeService(ctx context.Context, namespace, name string, labels map[string]string, ports []corev1.ServicePort) error {
	var endpointPorts []discovery.EndpointPort
	for i := range ports {
		p := &ports[i]
		target := targetPort(p.Port)
		p.TargetPort = intstr.FromInt32(target)
		endpointPorts = append(endpointPorts, discovery.EndpointPort{Name: &p.Name, Port: ptr.To(target), Protocol: ptr.To(corev1.ProtocolTCP)})
	}
	services := w.kube.CoreV1().Services(namespace)
	created, err := services.Create(ctx, &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}, Spec: corev1.ServiceSpec{Selector: labels, Ports: ports},
	}, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("create the Service of %s: %w", name, err)
	}
	w.names.set(name+"."+namespace+".svc.cluster.local", created.Spec.ClusterIP)
	slice := &discovery.EndpointSlice{
		ObjectMeta:  metav1.ObjectMeta{Name: name, Labels: map[string]string{discovery.LabelServiceName: name}},
		AddressType: discovery.AddressTypeIPv4, Ports: endpointPorts,
		Endpoints: []discovery.Endpoint{{
			Addresses: []string{w.nextAddress()}, Conditions: discovery.EndpointConditions{Ready: ptr.To(true)},
			TargetRef: &corev1.ObjectReference{Kind: "Pod", Namespace: namespace, Name: name},
		}},
	}
	if _, err := w.kube.DiscoveryV1().EndpointSlices(namespace).Create(ctx, slice, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("create the endpoints of %s: %w", name, err)
	}
	return nil
}

// removeService takes the Service of a pod away.
func (w *World) removeService(ctx context.Context, namespace, name string) {
	_ = w.kube.CoreV1().Services(namespace).Delete(ctx, name, metav1.DeleteOptions{})
	_ = w.kube.DiscoveryV1().EndpointSlices(namespace).Delete(ctx, name, metav1.DeleteOptions{})
}

// readSecrets lets a gateway's account read the Secrets of its namespace: istiod sends it the certificates that it may read
// (pilot/pkg/credentials/kube/secrets.go Authorize).
func (w *World) readSecrets(ctx context.Context, namespace, account string) error {
	name := "read-secrets-" + account
	role := &rbac.Role{ObjectMeta: metav1.ObjectMeta{Name: name}, Rules: []rbac.PolicyRule{{
		Verbs: []string{"get", "list", "watch"}, APIGroups: []string{""}, Resources: []string{"secrets"},
	}}}
	if _, err := w.kube.RbacV1().Roles(namespace).Create(ctx, role, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("let %s read Secrets: %w", account, err)
	}
	binding := &rbac.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name}, RoleRef: rbac.RoleRef{APIGroup: rbac.GroupName, Kind: "Role", Name: name},
		Subjects: []rbac.Subject{{Kind: rbac.ServiceAccountKind, Namespace: namespace, Name: account}},
	}
	if _, err := w.kube.RbacV1().RoleBindings(namespace).Create(ctx, binding, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("let %s read Secrets: %w", account, err)
	}
	return nil
}
