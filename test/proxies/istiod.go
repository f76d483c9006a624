//go:build proxies

package proxies

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// meshConfig is Istio's default, but for where istiod is.
const meshConfig = `rootNamespace: istio-system
trustDomain: cluster.local
defaultConfig: {discoveryAddress: "istiod.istio-system.svc:15012"}
`

// startIstiod starts istiod and waits until it is ready. Its flags are the default, but for variables of its environment.
func (w *World) startIstiod(ctx context.Context, environment ...string) error {
	kubeconfig, err := w.plane.Kubeconfig("istiod", "system:masters")
	if err != nil {
		return err
	}
	w.environment = environment
	if err := w.declareIstiod(ctx, environment); err != nil {
		return err
	}
	if err := os.WriteFile(meshConfigFile, []byte(meshConfig), 0o644); err != nil {
		return fmt.Errorf("write the MeshConfig: %w", err)
	}
	w.istiod, err = program{
		name: "istiod", dir: home,
		env: append(append(os.Environ(), environment...), "POD_NAME=istiod-0", "POD_NAMESPACE="+rootNamespace, "REVISION=default"),
		args: []string{
			w.parts.Istiod, "discovery", "--kubeconfig", kubeconfig, "--meshConfig", meshConfigFile, "--networksConfig", "/dev/null",
			"--domain", "cluster.local", "--httpAddr", "127.0.0.1:18080", "--httpsAddr", "127.0.0.1:15017", "--grpcAddr", "127.0.0.1:15010",
			"--secureGRPCAddr", gateway + ":15012", "--monitoringAddr", "127.0.0.1:15014", "--registries", "Kubernetes",
		},
	}.start()
	if err != nil {
		return err
	}
	return w.istiod.await(ctx, "istiod", func() bool { return answers(http.DefaultClient, "http://127.0.0.1:18080/ready") })
}

// declareIstiod writes istiod's Deployment, which says its version and environment to those who ask the cluster, as tlsward does.
func (w *World) declareIstiod(ctx context.Context, environment []string) error {
	labels := map[string]string{"app": "istiod"}
	discovery := corev1.Container{
		Name: "discovery", Image: "istio/pilot:" + string(w.parts.Version) + ".0", Args: []string{"discovery", "--domain", "cluster.local"},
		Env: []corev1.EnvVar{{Name: "REVISION", Value: "default"}},
	}
	for _, v := range environment {
		name, value, _ := strings.Cut(v, "=")
		discovery.Env = append(discovery.Env, corev1.EnvVar{Name: name, Value: value})
	}
	deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "istiod", Labels: labels}, Spec: appsv1.DeploymentSpec{
		Selector: &metav1.LabelSelector{MatchLabels: labels},
		Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.PodSpec{Containers: []corev1.Container{discovery}}},
	}}
	deployments := w.kube.AppsV1().Deployments(rootNamespace)
	_, err := deployments.Create(ctx, deployment, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		_, err = deployments.Update(ctx, deployment, metav1.UpdateOptions{})
	}
	if err != nil {
		return fmt.Errorf("declare istiod: %w", err)
	}
	return nil
}

// ambientMode is the variable that has istiod serve waypoints.
const ambientMode = "PILOT_ENABLE_AMBIENT=true"

// restartIstiod ends istiod and starts it with these variables of its environment.
func (w *World) restartIstiod(ctx context.Context, environment ...string) error {
	w.istiod.kill()
	if err := w.startIstiod(ctx, environment...); err != nil {
		return fmt.Errorf("restart istiod: %w", err)
	}
	w.configured = nil
	return nil
}
