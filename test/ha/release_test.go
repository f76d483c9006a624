package ha

import (
	"context"
	"fmt"
	"time"

	admission "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tlsward/tlsward/test/chart/helm"
	"github.com/tlsward/tlsward/test/e2e/cluster"
)

// release is the chart as the real helm installs it. No node runs its pods: the replicas are processes, under the
// account and the rights that the chart gives.
type release struct {
	helm     helm.Helm
	values   []string
	upgrades int
}

// install installs the chart with its webhooks at url.
func install(ctx context.Context, plane *cluster.Cluster, url string) (*release, error) {
	h, err := helm.New(ctx)
	if err != nil {
		return nil, err
	}
	if h.Kubeconfig, err = plane.Kubeconfig("helm", "system:masters"); err != nil {
		return nil, err
	}
	r := &release{helm: h, values: []string{h.Chart, "-n", home, "--set", "webhook.url=" + url}}
	_, err = h.Run(ctx, append([]string{"install", cluster.WebhookName, "--create-namespace"}, r.values...)...)
	return r, err
}

// upgrade changes the webhook configurations as an upgrade does.
func (r *release) upgrade(ctx context.Context) error {
	r.upgrades++
	change := fmt.Sprintf("webhook.annotations.round=r%d", r.upgrades)
	_, err := r.helm.Run(ctx, append([]string{"upgrade", cluster.WebhookName, "--set", change}, r.values...)...)
	return err
}

// awaitClosed waits until the program has turned the validating webhook to fail closed.
func (s *stage) awaitClosed(ctx context.Context) error {
	hooks := s.clients.AdmissionregistrationV1().ValidatingWebhookConfigurations()
	for deadline := time.Now().Add(time.Minute); ; pause(ctx, 100*time.Millisecond) {
		found, err := hooks.Get(ctx, cluster.WebhookName, metav1.GetOptions{})
		if err == nil && *found.Webhooks[0].FailurePolicy == admission.Fail {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("the validating webhook still fails open (%w)", err)
		}
	}
}
