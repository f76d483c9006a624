package cluster

import (
	"cmp"
	"context"
	"fmt"

	admission "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"
)

// WebhookName names both webhook configurations.
const WebhookName = "tlsward"

// Webhooks says how the API server calls a tlsward.
type Webhooks struct {
	// URL is the address, as https://127.0.0.1:9443, without a path.
	URL string
	// MutateURL is the address of the mutating webhook where it is another one.
	MutateURL string
	// CA is the CA bundle, PEM.
	CA []byte
	// Versions are the API versions asked for. Empty is every version, each as it was sent; ["v1"] makes the API
	// server convert the others.
	Versions []string
	// MutateSeconds and ValidateSeconds are the timeouts; 0 is the API server's 10 s, which keeps a loaded machine
	// from deciding a test.
	MutateSeconds, ValidateSeconds int32
}

// Register writes both webhook configurations, anew or over what is there. The mutating one fails open, the
// validating one closed.
func (c *Cluster) Register(ctx context.Context, w Webhooks) error {
	clients, err := kubernetes.NewForConfig(c.Seed)
	if err != nil {
		return fmt.Errorf("register the webhooks: %w", err)
	}
	mutating := clients.AdmissionregistrationV1().MutatingWebhookConfigurations()
	wanted := w.mutating()
	_, err = mutating.Create(ctx, wanted, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		_, err = mutating.Update(ctx, withVersion(ctx, mutating, wanted), metav1.UpdateOptions{})
	}
	if err != nil {
		return fmt.Errorf("register the mutating webhook: %w", err)
	}
	validating := clients.AdmissionregistrationV1().ValidatingWebhookConfigurations()
	closed := w.validating()
	_, err = validating.Create(ctx, closed, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		_, err = validating.Update(ctx, withVersion(ctx, validating, closed), metav1.UpdateOptions{})
	}
	if err != nil {
		return fmt.Errorf("register the validating webhook: %w", err)
	}
	return nil
}

// Unregister deletes both webhook configurations.
func (c *Cluster) Unregister(ctx context.Context) error {
	clients, err := kubernetes.NewForConfig(c.Seed)
	if err != nil {
		return fmt.Errorf("unregister the webhooks: %w", err)
	}
	api := clients.AdmissionregistrationV1()
	for _, del := range []func(context.Context, string, metav1.DeleteOptions) error{
		api.MutatingWebhookConfigurations().Delete, api.ValidatingWebhookConfigurations().Delete,
	} {
		if err := del(ctx, WebhookName, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("unregister the webhooks: %w", err)
		}
	}
	return nil
}

// withVersion sets in next the resource version of what is stored under its name, so that it may replace it.
func withVersion[T metav1.Object](ctx context.Context, get interface {
	Get(context.Context, string, metav1.GetOptions) (T, error)
}, next T) T {
	if stored, err := get.Get(ctx, next.GetName(), metav1.GetOptions{}); err == nil {
		next.SetResourceVersion(stored.GetResourceVersion())
	}
	return next
}

func (w Webhooks) mutating() *admission.MutatingWebhookConfiguration {
	return &admission.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: WebhookName},
		Webhooks: []admission.MutatingWebhook{{
			Name:                    "mutate.tlsward.io",
			ClientConfig:            w.client(cmp.Or(w.MutateURL, w.URL) + "/mutate"),
			Rules:                   w.rules(mutated(), nil, admission.Create, admission.Update),
			MatchConditions:         unseen(),
			MatchPolicy:             ptr.To(admission.Equivalent),
			FailurePolicy:           ptr.To(admission.Ignore),
			SideEffects:             ptr.To(admission.SideEffectClassNone),
			ReinvocationPolicy:      ptr.To(admission.IfNeededReinvocationPolicy),
			TimeoutSeconds:          seconds(w.MutateSeconds),
			AdmissionReviewVersions: []string{"v1"},
		}},
	}
}

func (w Webhooks) validating() *admission.ValidatingWebhookConfiguration {
	exemptions := w.validatingWebhook("exemptions.validate.tlsward.io", admission.Ignore, of("tlsward.io", []string{"exemptions"}, admission.Create, admission.Update))
	exemptions.ClientConfig = w.client(w.URL + "/validate-exemption")
	exemptions.Rules[0].APIVersions = []string{"v1alpha1"}
	return &admission.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: WebhookName},
		Webhooks: []admission.ValidatingWebhook{
			w.validatingWebhook("validate.tlsward.io", admission.Fail,
				append(w.rules(judged(), []string{"authorizationpolicies"}, admission.Create, admission.Update, admission.Delete),
					of("gateway.networking.k8s.io", []string{"gateways", "httproutes", "grpcroutes", "tlsroutes", "tcproutes", "backendtlspolicies", "listenersets", "referencegrants"}, admission.Create, admission.Update, admission.Delete),
					of("gateway.networking.k8s.io", []string{"gatewayclasses"}, admission.Update, admission.Delete))...),
			w.validatingWebhook("unmodelled.validate.tlsward.io", admission.Ignore, w.unmodelled()...),
			w.validatingWebhook("services.validate.tlsward.io", admission.Ignore, of("", []string{"services"}, admission.Create, admission.Update, admission.Delete), of("", []string{"services/status"}, admission.Update)),
			w.validatingWebhook("namespaces.validate.tlsward.io", admission.Ignore, of("", []string{"namespaces"}, admission.Update, admission.Delete), of("", []string{"namespaces/status", "namespaces/finalize"}, admission.Update)),
			exemptions,
		},
	}
}

func (w Webhooks) validatingWebhook(name string, policy admission.FailurePolicyType, rules ...admission.RuleWithOperations) admission.ValidatingWebhook {
	return admission.ValidatingWebhook{
		Name:                    name,
		ClientConfig:            w.client(w.URL + "/validate"),
		Rules:                   rules,
		MatchConditions:         unseen(),
		MatchPolicy:             ptr.To(admission.Equivalent),
		FailurePolicy:           ptr.To(policy),
		SideEffects:             ptr.To(admission.SideEffectClassNone),
		TimeoutSeconds:          seconds(w.ValidateSeconds),
		AdmissionReviewVersions: []string{"v1"},
	}
}

// of returns the rule of a webhook for a kind of Kubernetes itself, or of its Gateway API.
func of(group string, resources []string, operations ...admission.OperationType) admission.RuleWithOperations {
	return admission.RuleWithOperations{
		Operations: operations,
		Rule:       admission.Rule{APIGroups: []string{group}, APIVersions: []string{"v1"}, Resources: resources},
	}
}

func (w Webhooks) client(url string) admission.WebhookClientConfig {
	return admission.WebhookClientConfig{URL: ptr.To(url), CABundle: w.CA}
}

// mutated and judged are the resources of networking.istio.io that each webhook is asked about.
func mutated() []string { return []string{"serviceentries", "destinationrules"} }
func judged() []string {
	return append(mutated(), "virtualservices", "gateways", "sidecars", "workloadentries", "envoyfilters")
}

// unmodelled returns the rules for the kinds of which the mesh answers nothing.
func (w Webhooks) unmodelled() []admission.RuleWithOperations {
	rule := func(group string, resources []string, operations ...admission.OperationType) admission.RuleWithOperations {
		r := of(group, resources, append(operations, admission.Create, admission.Update)...)
		r.APIVersions = []string{"*"}
		return r
	}
	return append(w.rules([]string{"proxyconfigs"}, []string{"requestauthentications"}, admission.Create, admission.Update),
		rule("security.istio.io", []string{"peerauthentications"}, admission.Delete),
		rule("extensions.istio.io", []string{"wasmplugins", "trafficextensions"}))
}

func (w Webhooks) rules(networking, security []string, operations ...admission.OperationType) []admission.RuleWithOperations {
	versions := w.Versions
	if len(versions) == 0 {
		versions = []string{"*"}
	}
	rule := func(group string, resources []string) admission.RuleWithOperations {
		return admission.RuleWithOperations{Operations: operations, Rule: admission.Rule{
			APIGroups: []string{group}, APIVersions: versions, Resources: resources,
		}}
	}
	out := []admission.RuleWithOperations{rule("networking.istio.io", networking)}
	if len(security) > 0 {
		out = append(out, rule("security.istio.io", security))
	}
	return out
}

// unseen leaves out what the Seeder writes.
func unseen() []admission.MatchCondition {
	return []admission.MatchCondition{{
		Name: "not-seeded", Expression: `request.userInfo.username != "` + Seeder + `"`,
	}}
}

func seconds(n int32) *int32 {
	if n == 0 {
		n = 10
	}
	return &n
}
