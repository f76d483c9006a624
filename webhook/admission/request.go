package admission

import (
	"fmt"

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
	if err := mesh.CheckSize(object, q.old); err != nil {
		return false, err
	}
	return true, nil
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
