//go:build proxies

package proxies

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/tlsward/tlsward/envoy"
	"github.com/tlsward/tlsward/internal/compare"
	"github.com/tlsward/tlsward/mesh"
)

// sequence is an attack of the oracle's search: victims, and what a tenant writes after them (test/oracle/generate_attack.go).
type sequence struct {
	Victims randomMesh
	Writes  []tenantWrite
}

// tenantWrite is one write. A DELETE has the object that is deleted.
type tenantWrite struct {
	Operation string
	Object    *unstructured.Unstructured
}

// sequences returns attacks of the oracle's search.
func (w *World) sequences(ctx context.Context, seed, first, count uint64) ([]sequence, error) {
	type printed struct {
		Victims []map[string]any
		Writes  []struct {
			Operation string
			Object    map[string]any
		}
	}
	return generated(ctx, w, "-attacks", seed, first, count, func(p printed) (q sequence) {
		for _, o := range p.Victims {
			q.Victims = append(q.Victims, &unstructured.Unstructured{Object: o})
		}
		for _, write := range p.Writes {
			q.Writes = append(q.Writes, tenantWrite{write.Operation, &unstructured.Unstructured{Object: write.Object}})
		}
		return q
	})
}

// objects returns all objects of a sequence.
func (q sequence) objects() randomMesh {
	all := slices.Clone(q.Victims)
	for _, write := range q.Writes {
		all = append(all, write.Object)
	}
	return all
}

// yaml returns the victims and the writes, as kubectl would read them.
func (q sequence) yaml() string {
	text := q.Victims.yaml()
	for _, write := range q.Writes {
		text += "# " + write.Operation + "\n" + randomMesh{write.Object}.yaml()
	}
	return text
}

// egressGateway returns the Service of the victims' egress gateway; nil where they leave by their sidecars.
func (q sequence) egressGateway() *unstructured.Unstructured {
	i := slices.IndexFunc(q.Victims, func(o *unstructured.Unstructured) bool { return o.GetKind() == mesh.KindService })
	if i < 0 {
		return nil
	}
	return q.Victims[i]
}

// egressServiceOf writes the Service of an egress gateway, whose pod is to start next.
func (w *World) egressServiceOf(ctx context.Context, o *unstructured.Unstructured) error {
	var ports []corev1.ServicePort
	listed, _, _ := unstructured.NestedSlice(o.Object, "spec", "ports")
	for _, p := range listed {
		port, _ := p.(map[string]any)
		name, _ := port["name"].(string)
		number, _ := port["port"].(float64)
		ports = append(ports, corev1.ServicePort{Name: name, Port: int32(number)})
	}
	return w.writeService(ctx, o.GetNamespace(), o.GetName(), o.GetLabels(), ports)
}

// outcome is what became of a write.
type outcome int

// A write is stored, refused by the webhooks, or there is nothing to do: its object is there already, is gone, or is none that the API
// server takes.
const (
	stored outcome = iota
	refusedWrite
	nothingToDo
)

// play plays one write of a tenant.
func (w *World) play(ctx context.Context, as client.Client, write tenantWrite) (outcome, error) {
	err := retry.RetryOnConflict(retry.DefaultRetry, func() error { return w.attempt(ctx, as, write) })
	switch {
	case err == nil:
		return stored, nil
	case denied(err, ""):
		return refusedWrite, nil
	case apierrors.IsNotFound(err), apierrors.IsAlreadyExists(err), apierrors.IsInvalid(err), apierrors.IsBadRequest(err):
		return nothingToDo, nil
	}
	o := write.Object
	return nothingToDo, fmt.Errorf("%s %s %s/%s: %w", write.Operation, o.GetKind(), o.GetNamespace(), o.GetName(), err)
}

func (w *World) attempt(ctx context.Context, as client.Client, write tenantWrite) error {
	o := fresh(write.Object)
	switch write.Operation {
	case "CREATE":
		return as.Create(ctx, o)
	case "DELETE":
		return as.Delete(ctx, o)
	}
	var is unstructured.Unstructured
	is.SetGroupVersionKind(o.GroupVersionKind())
	if err := w.unseen.Get(ctx, client.ObjectKeyFromObject(o), &is); err != nil {
		return err
	}
	o.SetResourceVersion(is.GetResourceVersion())
	return as.Update(ctx, o)
}

// writeVictims writes a sequence's victims as if the webhooks were not there, but for one object.
func (w *World) writeVictims(ctx context.Context, q sequence, without *unstructured.Unstructured) error {
	for _, o := range q.Victims {
		if o == without {
			continue
		}
		if err := createOrUpdate(ctx, w.unseen, fresh(o)); err != nil {
			return fmt.Errorf("write victim %s %s/%s: %w", o.GetKind(), o.GetNamespace(), o.GetName(), err)
		}
	}
	return nil
}

// underTLS lists the connections of a client to the victims that are under TLS, with the server's name checked, by the model of the
// mesh as it is: at the host's own addresses, or else at those that istiod gave it and at which DNS has it. To ports for bytes requests
// are sent too.
func (r *meshRun) underTLS(s *mesh.Snapshot, client mesh.Client) []*asked {
	proxy := compare.Proxy{Client: client, Addresses: []netip.Addr{netip.MustParseAddr(gateway)}}
	var all []*asked
	for _, c := range compare.Outbound(s, proxy) {
		request := envoy.Payload{HTTP: &envoy.Request{Host: c.Host}}
		sent := []envoy.Payload{c.Payload}
		if c.Payload.HTTP == nil && c.Protocol != "" {
			sent = append(sent, request)
		}
		at := []netip.Addr{c.At.Addr()}
		if a, ok := r.world.names.lookup(c.Host); ok && !hasAddresses(s, c.Host) {
			at = append(at, a)
		}
		for _, a := range at {
			for _, c.Payload = range sent {
				c.At = netip.AddrPortFrom(a, uint16(c.Port))
				if names := checked(s, client, c); len(names) > 0 {
					all = append(all, &asked{connection: c, model: []way{{to: c.Host, tls: true, names: names}}})
				}
			}
		}
	}
	return all
}

// checked returns the names that are checked of the server of a connection under TLS that a proxy starts; none for any other.
func checked(s *mesh.Snapshot, client mesh.Client, c compare.Connection) []string {
	path := s.Resolve(client, c.Host, c.Port)
	if c.Payload.TLS != nil || path.Verdict != mesh.Originated {
		return nil
	}
	last := path.Hops[len(path.Hops)-1]
	switch {
	case last.Insecure:
		return nil
	case len(last.Names) > 0:
		return last.Names
	case last.AutoNames && c.Payload.HTTP != nil:
		return []string{c.Payload.HTTP.Host}
	}
	return nil
}

// hasAddresses reports whether an entry gives a host addresses.
func hasAddresses(s *mesh.Snapshot, host string) bool {
	for o := range s.Objects() {
		entry, ok := o.Spec.(*networking.ServiceEntry)
		if ok && len(entry.Addresses) > 0 && slices.ContainsFunc(entry.Hosts, func(h string) bool { return strings.EqualFold(h, host) }) {
			return true
		}
	}
	return false
}

// The ways in which a connection that was under TLS with its server's name checked is lost.
const (
	lostTLS     = "in plaintext"
	lostCheck   = "unchecked"
	anotherLost = "checked as another"
)

// lost returns how a connection is lost, by what arrived; "" where it is not. Nothing is lost where nothing arrives.
func (a *asked) lost() string {
	for t, seen := range a.seen {
		for _, arrival := range seen {
			switch {
			case !arrival.TLS:
				return lostTLS
			case trial(t) != rightCertificate && arrival.Shaken:
				return lostCheck
			case trial(t) == rightCertificate && !arrival.Shaken:
				return anotherLost
			}
		}
	}
	return ""
}
