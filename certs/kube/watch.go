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

// openWatch starts to watch one object by its name: a role may grant just that.
type openWatch func(context.Context, metav1.ListOptions) (watch.Interface, error)

// watchPause is how long a watch that broke is left alone. Whatever it missed is seen by the look that follows.
const watchPause = time.Second

// Watch tells of every change of the Secret and the webhook configurations, and of each of the latter as it then was.
func (k *Kube) Watch(ctx context.Context, wake func(), seen func(certs.Hook)) {
	var wg sync.WaitGroup
	wg.Go(func() { follow(ctx, k.Secret, k.secrets.Watch, func(watch.Event) { wake() }) })
	for _, h := range k.hooks {
		wg.Go(func() {
			follow(ctx, h.name, h.watch, func(e watch.Event) {
				if found, ok := h.parse(e.Object); ok && (e.Type == watch.Added || e.Type == watch.Modified) {
					seen(found)
				}
				wake()
			})
		})
	}
	wg.Wait()
}

// follow watches one object until ctx is done. Each new watch begins with the object as it is.
func follow(ctx context.Context, name string, open openWatch, tell func(watch.Event)) {
	for ctx.Err() == nil {
		stream, err := open(ctx, metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector(metav1.ObjectNameField, name).String()})
		if err == nil {
			tell(watch.Event{}) // what was missed meanwhile may be that it is gone
			for event := range stream.ResultChan() {
				tell(event)
			}
			stream.Stop()
		}
		select {
		case <-ctx.Done():
		case <-time.After(watchPause):
		}
	}
}
