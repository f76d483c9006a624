package serve

import (
	"fmt"
	"os"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tlsward/tlsward/webhook/informer"
)

// Reasons of Events.
const (
	policiesRefused      = "PoliciesRefused"
	configurationRefused = "ConfigurationRefused"
)

// events returns what tells people in the cluster that something of theirs was refused; nil where there is no pod and no
// ConfigMap to tell it on.
func (s *server) events() (*informer.Events, error) {
	if s.Namespace == "" || s.PolicySelector == "" && os.Getenv("POD_NAME") == "" {
		return nil, nil
	}
	rest, err := s.rest()
	if err != nil {
		return nil, err
	}
	events, err := informer.NewEvents(rest, s.Namespace, s.replica())
	if err != nil {
		return nil, err
	}
	s.background = append(s.background, events.Start)
	return events, nil
}

// warnPod tells of a refusal on the program's own pod.
func (r *reloader) warnPod(reason string, refused error) {
	if pod := os.Getenv("POD_NAME"); pod != "" {
		r.events.Warn(corev1.ObjectReference{APIVersion: "v1", Kind: "Pod", Namespace: r.s.Namespace, Name: pod,
			UID: types.UID(os.Getenv("POD_UID"))}, reason, refused.Error())
	}
}

// warnConfigMaps tells each ConfigMap's authors what is wrong with their policies.
func (r *reloader) warnConfigMaps(refused error) {
	for _, c := range r.sources.configMaps() {
		if note := linesOf(refused, fmt.Sprintf("configmap %s/%s:", c.Namespace, c.Name)); note != "" {
			r.events.Warn(corev1.ObjectReference{APIVersion: "v1", Kind: "ConfigMap", Namespace: c.Namespace, Name: c.Name, UID: c.UID,
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
