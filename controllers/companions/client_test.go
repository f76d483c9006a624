package companions

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// What only looks like a companion is somebody's, and is neither written over nor deleted; one that somebody has written to is not deleted.
func TestOurs(t *testing.T) {
	const (
		label   = `labels: {tlsward.io/companion: "true"}, `
		owners  = `ownerReferences: [{apiVersion: networking.istio.io/v1, kind: ServiceEntry, name: bank, uid: a}], `
		applied = `{manager: tlsward-companions, operation: Apply, fieldsType: FieldsV1, fieldsV1: {"f:spec": {"f:host": {}}}}`
		edited  = `{manager: kubectl-edit, operation: Update, fieldsType: FieldsV1, fieldsV1: {"f:spec": {"f:host": {}}}}`
		noted   = `{manager: kubectl-annotate, operation: Update, fieldsType: FieldsV1, fieldsV1: {"f:metadata": {"f:annotations": {}}}}`
	)
	for _, tc := range []struct {
		name, metadata string
		ours, others   bool
	}{
		{name: "a companion", metadata: label + owners + "managedFields: [" + applied + "]", ours: true},
		{name: "one with an annotation", metadata: label + owners + "managedFields: [" + applied + ", " + noted + "]", ours: true},
		{name: "one that was edited", metadata: label + owners + "managedFields: [" + applied + ", " + edited + "]", ours: true, others: true},
		{name: "taken over", metadata: owners + "managedFields: [" + applied + "]"},
		{name: "the label alone", metadata: label + "managedFields: [" + edited + "]", others: true},
		{name: "label and owner", metadata: label + owners + "managedFields: [" + edited + "]", others: true},
		{name: "label and manager", metadata: label + "managedFields: [" + applied + "]"},
		{name: "somebody else's entry", metadata: label + "managedFields: [" + applied + "], ownerReferences: [{apiVersion: v1, kind: ServiceEntry, name: bank, uid: a}]"},
		{name: "updated under the manager's name", metadata: label + owners + `managedFields: [{manager: tlsward-companions, operation: Update, fieldsType: FieldsV1, fieldsV1: {"f:spec": {}}}]`, others: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			rule := &unstructured.Unstructured{}
			if err := yaml.Unmarshal([]byte("{kind: DestinationRule, metadata: {name: r, "+tc.metadata+"}}"), &rule.Object); err != nil {
				t.Fatal(err)
			}
			if ours, others := isOurs(rule), othersWrite(rule); ours != tc.ours || others != tc.others {
				t.Errorf("ours %t, others write %t", ours, others)
			}
		})
	}
}
