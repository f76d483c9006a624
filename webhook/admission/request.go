package admission

import (
	"fmt"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies"
	"github.com/tlsward/tlsward/webhook/assume"
)

// request is a review that has been decoded: all of it that does not depend on the rest of the mesh.
type request struct {
	Review
	ref        mesh.Ref
	apiVersion string
	// object and old are what the mesh reads of the two objects; nil where there is none, and old also where what is
	// stored cannot be read: it means nothing to Istio either.
	object, old *mesh.Object
	// tree and oldTree are the same objects as policies read them.
	tree, oldTree tree
}

// decode returns the request, nil where nothing is to be decided: kinds that the mesh does not read, the last steps of an
// object that is being deleted, operations that store nothing. Its errors are *ObjectError.
func (r Review) decode() (*request, error) {
	q := &request{Review: r}
	var reviewed bool
	var err error
	switch r.Operation {
	case policies.Create, policies.Update:
		reviewed, err = q.decodePut()
	case policies.Delete:
		reviewed, err = q.decodeDelete()
	}
	if err != nil {
		return nil, &ObjectError{err}
	}
	if !reviewed {
		return nil, nil
	}
	return q, nil
}

func (q *request) decodePut() (reviewed bool, err error) {
	if q.tree, q.oldTree, err = q.trees(); err != nil {
		return false, err
	}
	if q.tree == nil {
		return false, errNoObject
	}
	if q.onlyReleases() {
		return false, nil
	}
	object, err := mesh.Decode(q.Object)
	if err != nil || object == nil {
		return false, err
	}
	if q.tree.lacksNamespace() && q.Namespace != "" {
		object.Namespace = q.Namespace
		q.tree.setNamespace(q.Namespace)
	}
	q.object, q.ref, q.apiVersion = object, object.Ref, object.APIVersion
	if q.oldTree != nil {
		if old, err := mesh.Decode(q.OldObject); err == nil && old != nil && old.Ref == q.ref {
			q.old = old
		}
	}
	if err := withinBounds(object, q.old); err != nil {
		return false, err
	}
	return true, nil
}

// What one ServiceEntry may have. Istio's own CRD allows 256 hosts, 256 addresses and 256 ports, but not how many listeners they
// make together: each is judged for every client. Published configurations have a hundred at most.
const (
	maxPorts     = 1024
	maxListeners = 1024
)

// withinBounds refuses what would take longer to decide than anyone waits, unless what is stored is as large.
func withinBounds(o, old *mesh.Object) error {
	entry, ok := o.Spec.(*networking.ServiceEntry)
	if !ok {
		return nil
	}
	if len(entry.Ports) > maxPorts {
		return &mesh.LimitError{Object: o.Ref, Reason: fmt.Sprintf("spec.ports has %d entries, and at most %d are taken", len(entry.Ports), maxPorts)}
	}
	if n := listeners(o); n > maxListeners && n > listeners(old) {
		return &mesh.LimitError{Object: o.Ref, Reason: fmt.Sprintf(
			"spec.hosts, spec.addresses and spec.ports make %d listeners together, and at most %d are taken: split it", n, maxListeners)}
	}
	return nil
}

// listeners returns how many ports at hosts and addresses a ServiceEntry declares; 0 for nil and other kinds.
func listeners(o *mesh.Object) int {
	if o == nil {
		return 0
	}
	entry, _ := o.Spec.(*networking.ServiceEntry)
	return len(entry.GetHosts()) * max(1, len(entry.GetAddresses())) * len(entry.GetPorts())
}

func (q *request) decodeDelete() (reviewed bool, err error) {
	if q.tree, q.oldTree, err = q.trees(); err != nil {
		return false, fmt.Errorf("oldObject: %w", err)
	}
	if q.oldTree == nil {
		return false, fmt.Errorf("oldObject: %w", errNoObject)
	}
	old, err := mesh.Decode(q.OldObject)
	if err != nil || old == nil || q.oldTree.deleted() {
		return false, nil // what cannot be read means nothing to Istio either
	}
	q.old, q.ref, q.apiVersion = old, old.Ref, old.APIVersion
	return true, nil
}

// onlyReleases reports whether an UPDATE lets a terminating object go, and changes nothing that Istio reads: its deletion
// was judged at DELETE. Any other change of it is judged as ever, for Istio obeys an object until it is gone.
func (q *request) onlyReleases() bool {
	return q.Operation == policies.Update && q.oldTree != nil && q.oldTree.deleted() && q.tree.sameForIstio(q.oldTree)
}

func (q *request) trees() (object, old tree, err error) {
	if object, err = readTree(q.Object); err != nil {
		return nil, nil, err
	}
	old, err = readTree(q.OldObject)
	return object, old, err
}

// base returns the version that a write replaces: for a new object its own UID, which the API server has set by now.
func (q *request) base() assume.Version {
	if q.Operation == policies.Create {
		return assume.Version{UID: q.tree.metadata("uid")}
	}
	return assume.Version{UID: q.oldTree.metadata("uid"), ResourceVersion: q.oldTree.metadata("resourceVersion")}
}
