package informer

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
)

// Object watches one object by its name. Unlike the manager's cache it asks the API server nothing before it starts, and it
// needs rights to that one name alone, where there may be no object and no namespace yet.
type Object struct {
	// Client is that of the object's group and version.
	Client          rest.Interface
	Resource        string
	Namespace, Name string
	// Type is an empty object of the type.
	Type runtime.Object
	// Changed gets the object, nil where there is none: once when that is known, and after every change.
	Changed func(runtime.Object)
	// Failed gets why the API server does not show it, at every attempt.
	Failed func(error)
}

// Watch watches until ctx is done. It tries again for as long as the API server does not answer.
func (o Object) Watch(ctx context.Context) error {
	selector := fields.OneTermEqualSelector(metav1.ObjectNameField, o.Name)
	watch := toolscache.NewListWatchFromClient(o.Client, o.Resource, o.Namespace, selector)
	informer := toolscache.NewSharedInformer(watch, o.Type, 0)
	if err := follow(ctx, informer, o.Failed, o.notify); err != nil {
		return fmt.Errorf("watch %s %s/%s: %w", o.Resource, o.Namespace, o.Name, err)
	}
	return nil
}

// notify passes the object on.
func (o Object) notify(store toolscache.Store) {
	found, exists, err := store.GetByKey(o.Namespace + "/" + o.Name)
	if object, ok := found.(runtime.Object); ok && exists && err == nil {
		o.Changed(object)
		return
	}
	o.Changed(nil)
}
