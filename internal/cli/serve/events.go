package serve

import (
	"fmt"
	"os"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/record"
)

// Reasons of Events.
const (
	policiesRefused      = "PoliciesRefused"
	configurationRefused = "ConfigurationRefused"
)

// notifier tells people in the cluster that something of theirs was refused, in Events on the very object. Equal ones are
// counted, not repeated.
type notifier struct{ recorder record.EventRecorder }

// notifier returns nil where there is no cluster, or neither a pod nor a ConfigMap to tell it on.
func (s *server) notifier() *notifier {
	if s.manager == nil || s.Namespace == "" || s.PolicySelector == "" && os.Getenv("POD_NAME") == "" {
		return nil
	}
	//nolint:staticcheck // The recorder of events.k8s.io counts another text on the same object as a repetition, and drops it.
	return &notifier{recorder: s.manager.GetEventRecorderFor("tlsward")}
}

// maxNote is how long an Event's text may be, in bytes (k8s.io/kubernetes/pkg/apis/core/validation/events.go).
const maxNote = 1024

// warn puts a warning on an object. It does nothing on nil.
func (n *notifier) warn(object corev1.ObjectReference, reason, note string) {
	if n == nil {
		return
	}
	n.recorder.Event(&object, corev1.EventTypeWarning, reason, clipped(note))
}

// clipped returns a note that fits into an Event.
func clipped(note string) string {
	const ellipsis = "..."
	if len(note) <= maxNote {
		return note
	}
	return strings.ToValidUTF8(note[:maxNote-len(ellipsis)], "") + ellipsis
}

// warnPod tells of a refusal on the program's own pod.
func (r *reloader) warnPod(reason string, refused error) {
	if pod := os.Getenv("POD_NAME"); pod != "" {
		r.notify.warn(corev1.ObjectReference{APIVersion: "v1", Kind: "Pod", Namespace: r.s.Namespace, Name: pod,
			UID: types.UID(os.Getenv("POD_UID"))}, reason, refused.Error())
	}
}

// warnConfigMaps tells each ConfigMap's authors what is wrong with their policies.
func (r *reloader) warnConfigMaps(refused error) {
	for _, c := range r.sources.configMaps() {
		if note := linesOf(refused, fmt.Sprintf("configmap %s/%s:", c.Namespace, c.Name)); note != "" {
			r.notify.warn(corev1.ObjectReference{APIVersion: "v1", Kind: "ConfigMap", Namespace: c.Namespace, Name: c.Name, UID: c.UID,
				ResourceVersion: c.ResourceVersion}, policiesRefused, note)
		}
	}
}

// linesOf returns the lines of an error that name a file.
func linesOf(err error, file string) string {
	var lines []string
	for line := range strings.SplitSeq(err.Error(), "\n") {
		if strings.Contains(line, file) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}
