//go:build proxies

package proxies

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// waypointName is the name of each namespace's waypoint; waypointPort is where it takes tunnels (HBONE).
const (
	waypointName = "waypoint"
	waypointPort = 15008
)

// Waypoint starts the pod of a namespace's waypoint behind its Service, which istiod's own controller would make of the Gateway, and
// waits until it is ready.
func (w *World) Waypoint(ctx context.Context, namespace string) (*Pod, error) {
	labels := map[string]string{"gateway.networking.k8s.io/gateway-name": waypointName}
	if err := w.serves(ctx, "hbone", namespace, waypointName, labels, waypointPort); err != nil {
		return nil, err
	}
	p, err := w.pod(ctx, namespace, waypointName, "waypoint", labels)
	if err != nil {
		return nil, err
	}
	if err := w.awaitWaypoint(ctx, namespace); err != nil {
		p.stop(ctx)
		return nil, err
	}
	time.Sleep(300 * time.Millisecond) // what it stands for is pushed to it
	return p, nil
}

// awaitWaypoint waits until istiod has given a waypoint's Gateway an address, that of a Service with a pod: before that it stands
// for nothing (pilot/pkg/serviceregistry/ambient/waypoints.go).
func (w *World) awaitWaypoint(ctx context.Context, namespace string) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	var made unstructured.Unstructured
	made.SetAPIVersion("gateway.networking.k8s.io/v1")
	made.SetKind("Gateway")
	for {
		if err := w.unseen.Get(ctx, client.ObjectKey{Namespace: namespace, Name: waypointName}, &made); err != nil {
			return fmt.Errorf("await waypoint %s: %w", namespace, err)
		}
		if given, _, _ := unstructured.NestedSlice(made.Object, "status", "addresses"); len(given) > 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("istiod gives waypoint %s no address: %w", namespace, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}
