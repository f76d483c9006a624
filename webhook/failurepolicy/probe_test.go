package failurepolicy

import (
	"errors"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/tlsward/tlsward/webhook"
)

func configuration(policies ...*admissionv1.FailurePolicyType) *admissionv1.ValidatingWebhookConfiguration {
	c := &admissionv1.ValidatingWebhookConfiguration{}
	for _, p := range policies {
		c.Webhooks = append(c.Webhooks, admissionv1.ValidatingWebhook{Name: "validate.tlsward.io", FailurePolicy: p})
	}
	return c
}

// refusal is how the API server passes on a denial of the webhook.
func refusal(reason metav1.StatusReason) error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{Reason: reason,
		Message: `admission webhook "validate.tlsward.io" denied the request: no`}}
}

func TestJudge(t *testing.T) {
	found := configuration(nil)
	cases := []struct {
		name   string
		answer error
		want   string // "" is: refused by us
	}{
		{"refused by us", refusal(metav1.StatusReasonForbidden), ""},
		{"refused, and not judged", refusal(metav1.StatusReasonInternalError), "cannot be seen"},
		{"not refused", nil, "was not refused"},
		{"refused by another webhook", errors.New(`admission webhook "validate.other.io" denied the request: no`), "cannot be seen"},
		{"the call failed", errors.New(`failed calling webhook "validate.tlsward.io": x509: unknown authority`), "cannot be seen"},
		{"forbidden", apierrors.NewForbidden(schema.GroupResource{}, webhook.ProbeName, errors.New("no role")), "no role"},
		{"no CRDs", apierrors.NewNotFound(schema.GroupResource{}, webhook.ProbeName), "CRDs"},
	}
	for _, c := range cases {
		got := judge(c.answer, found)
		if (got == nil) != (c.want == "") || got != nil && !strings.Contains(got.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, got, c.want)
		}
	}
}

func TestOpenWebhooks(t *testing.T) {
	fail, ignore := admissionv1.Fail, admissionv1.Ignore
	if got := openWebhooks(configuration(&fail, &ignore, nil)); len(got) != 2 || got[0] != 1 || got[1] != 2 {
		t.Errorf("open: %v, want 1 and 2", got)
	}
	if got := openWebhooks(configuration(&fail)); len(got) != 0 {
		t.Errorf("open: %v, want none", got)
	}
	services := configuration(&fail, &ignore)
	services.Webhooks[1].Name = "services.validate.tlsward.io"
	if got := openWebhooks(services); len(got) != 0 {
		t.Errorf("open: %v, and what is for Services stays open", got)
	}
}

func TestKnownBadIsTheProbe(t *testing.T) {
	o := knownBad("default")
	if o.GetName() != webhook.ProbeName || o.GetKind() != "AuthorizationPolicy" || o.GetNamespace() != "default" {
		t.Errorf("%s %s/%s is not what the webhook refuses in any case", o.GetKind(), o.GetNamespace(), o.GetName())
	}
}
