package announcer

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	eventsclient "k8s.io/client-go/kubernetes/typed/events/v1"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"

	"github.com/tlsward/tlsward/webhook/informer"
)

// controller is what Events name as who reports.
const controller = "tlsward"

// errGone says that there is nothing left to put an Event on.
var errGone = errors.New("the object is gone")

// client writes Events through the API server.
type client struct {
	objects  metadata.Interface
	events   eventsclient.EventsV1Interface
	instance string
}

func newClient(config *rest.Config, instance string) (*client, error) {
	config = rest.CopyConfig(config)
	config.Timeout = 10 * time.Second
	objects, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connect to the API server: %w", err)
	}
	events, err := eventsclient.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connect to the API server: %w", err)
	}
	return &client{objects, events, instance}, nil
}

// write puts a note on its object. An Event with the same text that is there still counts one more.
func (c *client) write(ctx context.Context, n note, now time.Time) error {
	object, err := c.regarding(ctx, n)
	if err != nil {
		return err
	}
	event := c.eventOf(n, object, now)
	api := c.events.Events(event.Namespace)
	_, err = api.Create(ctx, event, metav1.CreateOptions{FieldManager: controller})
	switch {
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		return errGone
	case apierrors.IsAlreadyExists(err):
		return c.repeat(ctx, api, event.Name, now)
	case err != nil:
		return fmt.Errorf("write an Event on %s: %w", n.ref, err)
	}
	return nil
}

// regarding returns how an Event names the object of a note: kubectl describe finds it by the UID, too.
func (c *client) regarding(ctx context.Context, n note) (corev1.ObjectReference, error) {
	kinds := informer.Kinds()
	i := slices.IndexFunc(kinds, func(k informer.Kind) bool { return k.Name == n.ref.Kind })
	version, err := schema.ParseGroupVersion(n.apiVersion)
	if i < 0 || err != nil {
		return corev1.ObjectReference{}, errGone
	}
	o, err := c.objects.Resource(version.WithResource(kinds[i].Resource().Resource)).Namespace(n.ref.Namespace).Get(ctx, n.ref.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return corev1.ObjectReference{}, errGone
	case err != nil:
		return corev1.ObjectReference{}, fmt.Errorf("read %s: %w", n.ref, err)
	}
	return corev1.ObjectReference{APIVersion: n.apiVersion, Kind: kinds[i].Kind, Namespace: n.ref.Namespace, Name: n.ref.Name, UID: o.GetUID(), ResourceVersion: o.GetResourceVersion()}, nil
}

// eventOf returns the Event of a note. Its name is the same for the same text on the same object: an Event's text cannot be changed.
func (c *client) eventOf(n note, object corev1.ObjectReference, now time.Time) *eventsv1.Event {
	sum := sha256.Sum256([]byte(strings.Join([]string{string(object.UID), n.policy, n.text}, "\x00")))
	stem := strings.TrimRight(object.Name[:min(len(object.Name), 200)], "-.")
	namespace := object.Namespace
	if namespace == "" {
		namespace = metav1.NamespaceDefault // where Events on objects of the cluster have to be
	}
	return &eventsv1.Event{
		ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("%s.%x", stem, sum[:8]), Namespace: namespace, Labels: map[string]string{"app.kubernetes.io/managed-by": controller}},
		EventTime:  metav1.NewMicroTime(now), ReportingController: controller, ReportingInstance: c.instance,
		Action: "Audit", Reason: reasonOf(n.policy), Regarding: object, Note: n.text, Type: corev1.EventTypeWarning,
	}
}

// repeat counts an Event once more, which keeps it for as long again as API servers keep Events.
func (c *client) repeat(ctx context.Context, api eventsclient.EventInterface, name string, now time.Time) error {
	before, err := api.Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("read Event %s: %w", name, err)
	}
	series := &eventsv1.EventSeries{Count: 2, LastObservedTime: metav1.NewMicroTime(now)}
	if before.Series != nil {
		series.Count = before.Series.Count + 1
	}
	raw, err := json.Marshal(map[string]any{"series": series})
	if err != nil {
		return fmt.Errorf("write the patch: %w", err)
	}
	if _, err := api.Patch(ctx, name, types.MergePatchType, raw, metav1.PatchOptions{FieldManager: controller}); err != nil {
		return fmt.Errorf("repeat Event %s: %w", name, err)
	}
	return nil
}
