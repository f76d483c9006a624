package webhook

import (
	"encoding/json"
	"fmt"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	kjson "sigs.k8s.io/json"

	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies"
)

// question is a review that has been read: all of it that does not hang on the rest of the mesh.
type question struct {
	Review
	ref        mesh.Ref
	apiVersion string
	// object and old are what the mesh reads of the two objects; nil where there is none, and old also where what is
	// stored cannot be read: it means nothing to Istio either.
	object, old *mesh.Object
	// tree and oldTree are the same objects as policies read them.
	tree, oldTree tree
}

// read reads a review. It is nil where nothing is to be judged: kinds that the mesh does not read, objects that are on
// their way out, operations that store nothing.
func (r Review) read() (*question, error) {
	q := &question{Review: r}
	switch r.Operation {
	case policies.Create, policies.Update:
		return q.readPut()
	case policies.Delete:
		return q.readDelete()
	default:
		return nil, nil
	}
}

func (q *question) readPut() (*question, error) {
	err := q.readTrees()
	switch {
	case err != nil:
		return nil, &ObjectError{err}
	case q.tree == nil:
		return nil, &ObjectError{errNoObject}
	case q.leaving():
		return nil, nil
	case q.tree.homeless() && q.Namespace != "":
		if q.Object, err = withNamespace(q.Object, q.Namespace); err != nil {
			return nil, &ObjectError{err}
		}
		if err := q.readTrees(); err != nil {
			return nil, &ObjectError{err}
		}
	}
	object, err := mesh.Decode(q.Object)
	if err != nil {
		return nil, &ObjectError{err}
	}
	if object == nil {
		return nil, nil
	}
	if err := judgeable(object); err != nil {
		return nil, &ObjectError{err}
	}
	q.object, q.ref, q.apiVersion = object, object.Ref, object.APIVersion
	if q.oldTree != nil {
		if old, err := mesh.Decode(q.OldObject); err == nil && old != nil && old.Ref == q.ref {
			q.old = old
		}
	}
	return q, nil
}

// maxPorts bounds the ports of one ServiceEntry: each is judged for every client. Istio's own CRD allows 256.
const maxPorts = 1024

// judgeable refuses what would take longer to judge than anyone waits.
func judgeable(o *mesh.Object) error {
	entry, ok := o.Spec.(*networking.ServiceEntry)
	if ok && len(entry.Ports) > maxPorts {
		return fmt.Errorf("%s: spec.ports has %d entries, and at most %d are taken", o.Ref, len(entry.Ports), maxPorts)
	}
	return nil
}

func (q *question) readDelete() (*question, error) {
	if err := q.readTrees(); err != nil {
		return nil, &ObjectError{fmt.Errorf("oldObject: %w", err)}
	}
	if q.oldTree == nil {
		return nil, &ObjectError{fmt.Errorf("oldObject: %w", errNoObject)}
	}
	old, err := mesh.Decode(q.OldObject)
	if err != nil || old == nil || q.oldTree.deleted() {
		return nil, nil
	}
	q.old, q.ref, q.apiVersion = old, old.Ref, old.APIVersion
	return q, nil
}

// leaving says whether the object is on its way out: stored with a deletionTimestamp, kept by finalizers alone. A new
// object that claims so is judged: the API server drops the claim, and the object would stay.
func (q *question) leaving() bool {
	return q.Operation == policies.Update && q.tree.deleted() && (q.oldTree == nil || q.oldTree.deleted())
}

func (q *question) readTrees() (err error) {
	if q.tree, err = readTree(q.Object); err != nil {
		return err
	}
	q.oldTree, err = readTree(q.OldObject)
	return err
}

// base gives what a write replaces: for a new object its own UID, which the API server has set by now.
func (q *question) base() Version {
	if q.Operation == policies.Create {
		return Version{UID: q.tree.meta("uid")}
	}
	return Version{UID: q.oldTree.meta("uid"), ResourceVersion: q.oldTree.meta("resourceVersion")}
}

// tree is an object as plain JSON values.
type tree map[string]any

// readTree gives nil for no object. It leaves out managedFields: half of an object's text, the API server's own
// bookkeeping, and nothing to judge by.
func readTree(raw []byte) (tree, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	var t tree
	if err := kjson.UnmarshalCaseSensitivePreserveInts(raw, &t); err != nil {
		return nil, fmt.Errorf("read object: %w", err)
	}
	if metadata, ok := t["metadata"].(map[string]any); ok {
		delete(metadata, "managedFields")
	}
	return t, nil
}

// meta gives a text of the object's metadata, "" where there is none.
func (t tree) meta(key string) string {
	metadata, _ := t["metadata"].(map[string]any)
	text, _ := metadata[key].(string)
	return text
}

func (t tree) deleted() bool {
	metadata, _ := t["metadata"].(map[string]any)
	return metadata["deletionTimestamp"] != nil
}

// homeless says whether an object of Istio's does not name its namespace. The API server sees to it that each does;
// other clients may leave it to the request.
func (t tree) homeless() bool {
	apiVersion, _ := t["apiVersion"].(string)
	return t.meta("namespace") == "" && strings.Contains(apiVersion, ".istio.io/")
}

// withNamespace gives the object in a namespace.
func withNamespace(raw []byte, namespace string) ([]byte, error) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(raw, &object); err != nil {
		return nil, fmt.Errorf("read object: %w", err)
	}
	metadata := map[string]any{}
	if err := json.Unmarshal(orNull(object["metadata"]), &metadata); err != nil {
		return nil, fmt.Errorf("read object: metadata: %w", err)
	}
	if metadata == nil {
		metadata = map[string]any{}
	}
	metadata["namespace"] = namespace
	var err error
	if object["metadata"], err = json.Marshal(metadata); err != nil {
		return nil, err
	}
	return json.Marshal(object)
}

func orNull(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 {
		return json.RawMessage("null")
	}
	return raw
}
