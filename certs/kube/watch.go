package kube

import (
	"context"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/tlsward/tlsward/certs"
)

// watchFunc starts to watch. One object is selected by its name: a role may grant just that.
type watchFunc func(context.Context, metav1.ListOptions) (watch.Interface, error)

// watchRetryInterval is the time before a watch that broke is opened again. Whatever it missed, the reconciliation that
// follows reads.
const watchRetryInterval = time.Second

// Watch watches the Secret and the webhook configurations.
func (c *Cluster) Watch(ctx context.Context, onChange func(), onWebhook func(certs.WebhookConfiguration)) {
	var wg sync.WaitGroup
	wg.Go(func() { watchObject(ctx, c.Secret, c.secrets.Watch, func(watch.Event) { onChange() }) })
	for _, client := range c.webhooks {
		wg.Go(func() {
			watchObject(ctx, client.name, client.watch, func(e watch.Event) {
				if w, ok := client.decode(e.Object); ok && (e.Type == watch.Added || e.Type == watch.Modified) {
					onWebhook(w)
				}
				onChange()
			})
		})
	}
	wg.Wait()
}

// watchObject watches one object until ctx is done. Each new watch begins with the object as it is.
func watchObject(ctx context.Context, name string, open watchFunc, handle func(watch.Event)) {
	for ctx.Err() == nil {
		stream, err := open(ctx, metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector(metav1.ObjectNameField, name).String()})
		if err == nil {
			handle(watch.Event{}) // what was missed meanwhile may be the deletion
			for event := range stream.ResultChan() {
				handle(event)
			}
			stream.Stop()
		}
		select {
		case <-ctx.Done():
		case <-time.After(watchRetryInterval):
		}
	}
}
