package informer

import (
	"encoding/json"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The reflector waits for this annotation before it calls itself synced: an item that dropped it would never be.
func TestItemKeepsTheEndOfInitialEvents(t *testing.T) {
	const bookmark = `{"apiVersion":"networking.istio.io/v1","kind":"ServiceEntry","metadata":{"resourceVersion":"7",` +
		`"annotations":{"k8s.io/initial-events-end":"true"}}}`
	var i item
	if err := json.Unmarshal([]byte(bookmark), &i); err != nil {
		t.Fatal(err)
	}
	if i.GetAnnotations()[metav1.InitialEventsAnnotationKey] != "true" {
		t.Errorf("the annotation is lost: %v", i.GetAnnotations())
	}
	if i.ResourceVersion != "7" {
		t.Errorf("want resource version 7, got %q", i.ResourceVersion)
	}
}

// An annotation of a wrong type is the author's fault, and must not fail the list that the object is in.
func TestItemReadsWhatItCan(t *testing.T) {
	for _, raw := range []string{
		`{"metadata":{"name":"a","annotations":{"other":"x"}}}`,
		`{"metadata":{"name":"a"},"kind":"ServiceEntry","apiVersion":"networking.istio.io/v1","spec":{"hosts":5}}`,
	} {
		var i item
		if err := json.Unmarshal([]byte(raw), &i); err != nil || i.Name != "a" {
			t.Errorf("%s: want the name, got %q, %v", raw, i.Name, err)
		}
	}
}

// API servers leave the kind out of the items of a list, where it is one of Kubernetes' own; CRDs' items have it.
func TestItemListGivesItsItemsTheirKind(t *testing.T) {
	const raw = `{"kind":"ServiceList","apiVersion":"v1","metadata":{"resourceVersion":"7"},"items":[
		{"metadata":{"name":"a","namespace":"shop"},"spec":{"ports":[{"port":80}]}},
		{"kind":"Service","apiVersion":"v1","metadata":{"name":"b","namespace":"shop"},"spec":{"ports":[{"port":80}]}},
		{"metadata":{"name":"c","namespace":"shop"},"spec":{"ports":5}}]}`
	var list itemList
	if err := json.Unmarshal([]byte(raw), &list); err != nil {
		t.Fatal(err)
	}
	if list.ResourceVersion != "7" || list.Kind != "ServiceList" || len(list.Items) != 3 {
		t.Fatalf("got %+v", list)
	}
	for _, i := range list.Items[:2] {
		if i.err != nil || i.object == nil || i.object.Ref.String() != "Service shop/"+i.Name || i.Kind != "Service" {
			t.Errorf("%s: got %v, %v", i.Name, i.object, i.err)
		}
	}
	if c := list.Items[2]; c.Name != "c" || c.err == nil {
		t.Errorf("an object that cannot be read: got %v", c.object)
	}
}
