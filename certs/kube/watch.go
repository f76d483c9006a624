package kube

import (
	"context"
	"fmt"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/watch"
	admission "k8s.io/client-go/kubernetes/typed/admissionregistration/v1"
	core "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
)

// openWatch starts to watch one object by its name: a role may grant just that.
type openWatch func(context.Context, metav1.ListOptions) (watch.Interface, error)

// watched is one object to watch.
type watched struct {
	name string
	open openWatch
}

// watchPause is how long a watch that broke is left alone. Whatever it missed is seen by the look that follows.
const watchPause = time.Second

// watches gives the objects whose change matters to the shared CA.
func watches(config *rest.Config, o Options) ([]watched, error) {
	client, err := core.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connect to the API server: %w", err)
	}
	configurations, err := admission.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("connect to the API server: %w", err)
	}
	list := []watched{{o.Secret, client.Secrets(o.Namespace).Watch}}
	for _, name := range o.Mutating {
		list = append(list, watched{name, configurations.MutatingWebhookConfigurations().Watch})
	}
	for _, name := range o.Validating {
		list = append(list, watched{name, configurations.ValidatingWebhookConfigurations().Watch})
	}
	return list, nil
}

// Watch wakes on every change of the Secret and the webhook configurations. It only wakes: what is so is read live.
func (k *Kube) Watch(ctx context.Context, wake func()) {
	var wg sync.WaitGroup
	for _, w := range k.watched {
		wg.Go(func() { w.follow(ctx, wake) })
	}
	wg.Wait()
}

func (w watched) follow(ctx context.Context, wake func()) {
	for ctx.Err() == nil {
		stream, err := w.open(ctx, metav1.ListOptions{
			FieldSelector: fields.OneTermEqualSelector(metav1.ObjectNameField, w.name).String()})
		if err == nil {
			wake()
			for range stream.ResultChan() {
				wake()
			}
			stream.Stop()
		}
		select {
		case <-ctx.Done():
		case <-time.After(watchPause):
		}
	}
}
