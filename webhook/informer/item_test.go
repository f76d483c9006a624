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
