package main

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

// events gives what tells people in the cluster that something of theirs was refused; nil where there is no pod and no
// ConfigMap to tell it on.
func (s *service) events() (*informer.Events, error) {
	if s.namespace == "" || s.policySelector == "" && os.Getenv("POD_NAME") == "" {
		return nil, nil
	}
	rest, err := s.rest()
	if err != nil {
		return nil, err
	}
	events, err := informer.NewEvents(rest, s.namespace, s.replica())
	if err != nil {
		return nil, err
	}
	s.background = append(s.background, events.Run)
	return events, nil
}

// warnPod tells of a refusal on the program's own pod.
func (b *bench) warnPod(reason string, refused error) {
	if pod := os.Getenv("POD_NAME"); pod != "" {
		b.events.Warn(corev1.ObjectReference{APIVersion: "v1", Kind: "Pod", Namespace: b.s.namespace, Name: pod,
			UID: types.UID(os.Getenv("POD_UID"))}, reason, refused.Error())
	}
}

// warnConfigMaps tells each ConfigMap's authors what is wrong with their policies.
func (b *bench) warnConfigMaps(refused error) {
	for _, c := range b.sources.configMaps() {
		if note := linesOf(refused, fmt.Sprintf("configmap %s/%s:", c.Namespace, c.Name)); note != "" {
			b.events.Warn(corev1.ObjectReference{APIVersion: "v1", Kind: "ConfigMap", Namespace: c.Namespace, Name: c.Name, UID: c.UID,
				ResourceVersion: c.ResourceVersion}, policiesRefused, note)
		}
	}
}

// linesOf gives the lines of an error that name a file.
func linesOf(err error, file string) string {
	var lines []string
	for line := range strings.SplitSeq(err.Error(), "\n") {
		if strings.Contains(line, file) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}
