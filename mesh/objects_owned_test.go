package mesh

import (
	"fmt"
	"testing"
)

// Who owns and applies a rule is read where ServiceEntries own it.
func TestDecodeOwned(t *testing.T) {
	const managers = `"managedFields": [{"manager": "a", "operation": "Apply"}, {"manager": "b", "operation": "Update"}]`
	for _, c := range []struct{ name, kind, metadata, want string }{
		{"owned", "DestinationRule", `"ownerReferences": [{"kind": "ServiceEntry", "name": "e", "uid": "1"}, {"kind": "Service", "name": "s", "uid": "2"}], ` + managers, "&{[{e 1}] [a]}"},
		{"owned by others", "DestinationRule", `"ownerReferences": [{"kind": "Service", "name": "s", "uid": "2"}], ` + managers, "<nil>"},
		{"not owned", "DestinationRule", managers, "<nil>"},
		{"another kind", "Sidecar", `"ownerReferences": [{"kind": "ServiceEntry", "name": "e", "uid": "1"}], ` + managers, "<nil>"},
	} {
		o, err := Decode([]byte(`{"apiVersion": "networking.istio.io/v1", "kind": "` + c.kind + `", "metadata": {"name": "r", "namespace": "shop", "uid": "3", ` + c.metadata + `}}`))
		if err != nil {
			t.Fatal(err)
		}
		equal(t, c.name, fmt.Sprint(o.Owned), c.want)
		equal(t, c.name+": uid", o.UID, "")
	}
	o, err := Decode([]byte(`{"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry", "metadata": {"name": "e", "namespace": "shop", "uid": "1"}}`))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "an entry's uid", o.UID, "1")
}
