package kube

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/tlsward/tlsward/certs"
)

// A change of the Secret, or of a webhook configuration, is told; of the latter also as what it is then, unless it is
// deleted.
func TestWatch(t *testing.T) {
	bundle := certs.EncodeBundle(newAuthority(t).Certificate)
	event := func(kind string, o map[string]any) map[string]any { return map[string]any{"type": kind, "object": o} }
	typed := func(kind, version string, bundle []byte) map[string]any {
		o := configuration(version, bundle)
		o["apiVersion"], o["kind"] = "admissionregistration.k8s.io/v1", kind
		return o
	}
	server, c := connect(t, nil)
	server.events = map[string][]any{
		"/api/v1/namespaces/tlsward/secrets?metadata.name=ca": {event("MODIFIED", map[string]any{"apiVersion": "v1", "kind": "Secret"})},
		strings.TrimSuffix(mutatingPath, "/hooks") + "?metadata.name=hooks": {
			event("ADDED", typed("MutatingWebhookConfiguration", "1", bundle)),
			event("MODIFIED", typed("MutatingWebhookConfiguration", "2", nil)),
			event("DELETED", typed("MutatingWebhookConfiguration", "3", nil))},
		strings.TrimSuffix(validatingPath, "/hooks") + "?metadata.name=hooks": {
			event("ADDED", typed("ValidatingWebhookConfiguration", "4", bundle))},
	}
	changes, seen := make(chan struct{}, 100), make(chan certs.WebhookConfiguration, 100)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.Watch(ctx, func() { changes <- struct{}{} }, func(w certs.WebhookConfiguration) { seen <- w })
	}()
	for range 3 + 5 { // each watch as it opens, and each event
		select {
		case <-changes:
		case <-time.After(10 * time.Second):
			t.Fatal("a change was not told")
		}
	}
	stop()
	<-done
	close(seen)
	var have []string
	for w := range seen {
		have = append(have, fmt.Sprintf("%s %s %d", w.Kind, w.ResourceVersion, len(w.Bundles[0])))
	}
	slices.Sort(have)
	want(t, "webhook configurations", have, []string{
		"MutatingWebhookConfiguration 1 1", "MutatingWebhookConfiguration 2 0", "ValidatingWebhookConfiguration 4 1"})
}

// A watch that ends or cannot be opened is opened again, and each time somebody is told that something may be missed.
func TestWatchObject(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		var selectors []string
		opened := 0
		open := func(_ context.Context, o metav1.ListOptions) (watch.Interface, error) {
			selectors = append(selectors, o.FieldSelector)
			if opened++; opened == 2 {
				return nil, errors.New("the API server is away")
			}
			stream := watch.NewFakeWithChanSize(1, false)
			stream.Modify(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "ca"}})
			stream.Stop()
			return stream, nil
		}
		var events []watch.EventType
		done := make(chan struct{})
		go func() {
			defer close(done)
			watchObject(ctx, "ca", open, func(e watch.Event) { events = append(events, e.Type) })
		}()
		time.Sleep(2*watchRetryInterval + time.Millisecond)
		stop()
		<-done
		want(t, "selectors", selectors, []string{"metadata.name=ca", "metadata.name=ca", "metadata.name=ca"})
		if len(events) != 4 || events[0] != "" || events[1] != watch.Modified || events[2] != "" {
			t.Errorf("events %q, want two times one without a type and a change", events)
		}
	})
}
