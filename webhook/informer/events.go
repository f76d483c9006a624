package informer

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	core "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/record"
)

// Events are Events of the cluster: they tell people, on the very object, what became of what they wrote. Equal ones are
// counted, not repeated. One that cannot be written is logged and forgotten.
type Events struct {
	broadcaster record.EventBroadcaster
	recorder    record.EventRecorder
}

// NewEvents returns what writes Events into a namespace, until Start ends. host is the program that writes them.
func NewEvents(config *rest.Config, namespace, host string) (*Events, error) {
	client, err := core.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("write events: %w", err)
	}
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		return nil, err
	}
	broadcaster := record.NewBroadcaster()
	broadcaster.StartRecordingToSink(&core.EventSinkImpl{Interface: client.Events(namespace)})
	return &Events{
		broadcaster: broadcaster,
		recorder:    broadcaster.NewRecorder(scheme, corev1.EventSource{Component: "tlsward", Host: host}),
	}, nil
}

// Start waits for ctx, then ends the writing.
func (e *Events) Start(ctx context.Context) error {
	<-ctx.Done()
	e.broadcaster.Shutdown()
	return nil
}

// maxNote is how long an Event's text may be.
const maxNote = 1000

// Warn puts a warning on an object. It does nothing on a nil *Events.
func (e *Events) Warn(object corev1.ObjectReference, reason, note string) {
	if e == nil {
		return
	}
	if len(note) > maxNote {
		note = strings.ToValidUTF8(note[:maxNote], "") + "..."
	}
	e.recorder.Event(&object, corev1.EventTypeWarning, reason, note)
}
