package verify

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/tlsward/tlsward/internal/cli/live"
	"github.com/tlsward/tlsward/internal/compare"
	"github.com/tlsward/tlsward/internal/verified"
)

// controller is what Events and the ConfigMap name as who wrote them.
const controller = "tlsward-verify"

// maxNote is how long an Event's text may be, in bytes (k8s.io/kubernetes/pkg/apis/core/validation/events.go).
const maxNote = 1024

// teller tells in the cluster what a round found.
type teller struct {
	client    kubernetes.Interface
	events    bool
	namespace string // of the ConfigMap
	name      string // "" for none
}

// teller connects to the cluster where something is to be told there. It does not talk to the API server yet.
func (o WatchOptions) teller() (*teller, error) {
	t := &teller{events: o.Events}
	if o.Keep != "" {
		var err error
		if t.namespace, t.name, err = verified.ConfigMap(o.Keep); err != nil {
			return nil, fmt.Errorf("--keep: %w", err)
		}
	}
	if !t.events && t.name == "" {
		return t, nil
	}
	config, _, err := live.Config(o.ConfigFlags())
	if err != nil {
		return nil, err
	}
	if t.client, err = kubernetes.NewForConfig(config); err != nil {
		return nil, fmt.Errorf("connect to the API server: %w", err)
	}
	return t, nil
}

// tell keeps a round, and puts on each pod what differs there. What cannot be written is in the error, and keeps the rest from nothing.
func (t *teller) tell(ctx context.Context, round verified.Round, results []compare.Result) error {
	errs := []error{t.keep(ctx, round)}
	for _, r := range results {
		if t.events && len(r.Differences) > 0 {
			errs = append(errs, t.announce(ctx, r, round.At))
		}
	}
	return errors.Join(errs...)
}

// keep writes the ConfigMap of a round.
func (t *teller) keep(ctx context.Context, round verified.Round) error {
	if t.name == "" {
		return nil
	}
	data, err := round.Data()
	if err != nil {
		return err
	}
	raw, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "data": data,
		"metadata": map[string]any{"name": t.name, "namespace": t.namespace},
	})
	if err != nil {
		return fmt.Errorf("write ConfigMap %s/%s: %w", t.namespace, t.name, err)
	}
	force := true
	_, err = t.client.CoreV1().ConfigMaps(t.namespace).Patch(ctx, t.name, types.ApplyPatchType, raw, metav1.PatchOptions{FieldManager: controller, Force: &force})
	if err != nil {
		return fmt.Errorf("write ConfigMap %s/%s: %w", t.namespace, t.name, err)
	}
	return nil
}

// announce puts an Event on the pod of a proxy that is not as tlsward says. The same text on the same pod is one Event for as long as
// the API server keeps it: what stays wrong is not said at each round.
func (t *teller) announce(ctx context.Context, r compare.Result, at time.Time) error {
	namespace, name, _ := strings.Cut(r.Proxy.Name, "/")
	pod, err := t.client.CoreV1().Pods(namespace).Get(ctx, name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil // it is gone meanwhile
	}
	if err != nil {
		return fmt.Errorf("read pod %s: %w", r.Proxy.Name, err)
	}
	text := note(r)
	sum := sha256.Sum256([]byte(string(pod.UID) + "\x00" + text))
	event := &eventsv1.Event{
		ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("%s.%x", strings.TrimRight(name[:min(len(name), 200)], "-."), sum[:8]), Namespace: namespace,
			Labels: map[string]string{"app.kubernetes.io/managed-by": controller}},
		EventTime: metav1.NewMicroTime(at), ReportingController: controller, ReportingInstance: controller,
		Action: "Verify", Reason: "ModelDisagreement", Note: text, Type: corev1.EventTypeWarning,
		Regarding: corev1.ObjectReference{APIVersion: "v1", Kind: "Pod", Namespace: namespace, Name: name, UID: pod.UID},
	}
	_, err = t.client.EventsV1().Events(namespace).Create(ctx, event, metav1.CreateOptions{FieldManager: controller})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("write an Event on pod %s: %w", r.Proxy.Name, err)
	}
	return nil
}

// note returns what an Event says of a proxy.
func note(r compare.Result) string {
	d := r.Differences[0]
	var b strings.Builder
	fmt.Fprintf(&b, "Of %d connections %d are not as tlsward says. To %s: tlsward says %s; the proxy has %s.",
		r.Compared, len(r.Differences), d.Connection, strings.Join(d.Model, " and "), strings.Join(d.Proxy, " and "))
	if cause := likeliest(d); cause != "" {
		fmt.Fprintf(&b, " The likeliest cause: %s.", strings.TrimSuffix(cause, "."))
	}
	end := fmt.Sprintf(" `tlsward verify %s` tells all.", strings.Join(podAndNamespace(r.Proxy.Name), "."))
	text := b.String()
	if most := maxNote - len(end); len(text) > most {
		text = strings.ToValidUTF8(text[:most-3], "") + "..."
	}
	return text + end
}

// podAndNamespace returns the parts of "namespace/pod" as the command takes them.
func podAndNamespace(name string) []string {
	namespace, pod, _ := strings.Cut(name, "/")
	return []string{pod, namespace}
}
