package informer

import (
	"encoding/json"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/tlsward/tlsward/mesh"
)

// item is an object of any kind as it comes from the API server, read straight into what the mesh keeps of it: nothing
// else stays in memory. An object that cannot be read carries its error and does not fail the list that it is in, as
// a generated type would: one odd object must not blind the webhook to all others.
type item struct {
	metav1.TypeMeta
	metav1.ObjectMeta
	object *mesh.Object
	err    error
}

// UnmarshalJSON never fails on an object that is JSON.
func (i *item) UnmarshalJSON(raw []byte) error { return i.read(raw, metav1.TypeMeta{}) }

// read reads an object, which is of this type where it does not say so itself.
func (i *item) read(raw []byte, of metav1.TypeMeta) error {
	var head struct {
		metav1.TypeMeta
		Metadata struct {
			Name            string `json:"name"`
			Namespace       string `json:"namespace"`
			UID             string `json:"uid"`
			ResourceVersion string `json:"resourceVersion"`
			Annotations     struct {
				InitialEventsEnd string `json:"k8s.io/initial-events-end"`
			} `json:"annotations"`
		} `json:"metadata"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return err
	}
	if head.Kind == "" && of.Kind != "" {
		var err error
		if raw, err = withType(raw, of); err != nil {
			return err
		}
		head.TypeMeta = of
	}
	i.TypeMeta = head.TypeMeta
	i.Name, i.Namespace = head.Metadata.Name, head.Metadata.Namespace
	i.UID, i.ResourceVersion = types.UID(head.Metadata.UID), head.Metadata.ResourceVersion
	// A watch that begins with the list ends it with a bookmark, an empty object that this annotation marks.
	if end := head.Metadata.Annotations.InitialEventsEnd; end != "" {
		i.Annotations = map[string]string{metav1.InitialEventsAnnotationKey: end}
	}
	i.object, i.err = mesh.Decode(raw)
	return nil
}

// DeepCopyObject copies the shell alone: what it holds is never changed.
func (i *item) DeepCopyObject() runtime.Object {
	c := *i
	return &c
}

// itemList is a list of one kind.
type itemList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata"`
	Items           []item `json:"items"`
}

// UnmarshalJSON reads the items, which have no kind of their own in a list of a kind that Kubernetes itself has: it is the list's.
func (l *itemList) UnmarshalJSON(raw []byte) error {
	var list struct {
		metav1.TypeMeta
		metav1.ListMeta `json:"metadata"`
		Items           []json.RawMessage `json:"items"`
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return err
	}
	l.TypeMeta, l.ListMeta, l.Items = list.TypeMeta, list.ListMeta, make([]item, len(list.Items))
	of := metav1.TypeMeta{APIVersion: list.APIVersion, Kind: strings.TrimSuffix(list.Kind, "List")}
	for i, raw := range list.Items {
		if err := l.Items[i].read(raw, of); err != nil {
			return err
		}
	}
	return nil
}

// withType returns an object (JSON) that does not say what it is with its type.
func withType(raw []byte, of metav1.TypeMeta) ([]byte, error) {
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, err
	}
	for name, value := range map[string]string{"apiVersion": of.APIVersion, "kind": of.Kind} {
		text, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		fields[name] = text
	}
	return json.Marshal(fields)
}

// DeepCopyObject copies the shells of the list and its items.
func (l *itemList) DeepCopyObject() runtime.Object {
	c := *l
	c.Items = append([]item(nil), l.Items...)
	return &c
}
