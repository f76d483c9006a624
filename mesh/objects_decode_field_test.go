package mesh

import (
	"fmt"
	"strings"
	"testing"
)

// Errors name the field that cannot be read, as its author wrote it.
func TestDecodeNamesTheField(t *testing.T) {
	for _, c := range []struct{ kind, spec, want string }{
		{"ServiceEntry", `{"hosts":5}`, "spec.hosts:"},
		{"ServiceEntry", `{"hosts":["a",{}]}`, "spec.hosts[1]:"},
		{"ServiceEntry", `{"hosts":5,"ports":7}`, "spec.hosts:"},
		{"ServiceEntry", `{"hosts":[` + strings.Repeat(`"a",`, maxDecodes/2) + `5]}`, fmt.Sprintf("spec.hosts[%d]:", maxDecodes/2)},
		{"ServiceEntry", `{"hosts":[` + strings.Repeat(`"a",`, maxDecodes) + `5]}`, "spec.hosts:"},
		{"ServiceEntry", `{"hosts":["a"],"ports":[{"number":80},{"number":"eighty","name":"x"}]}`, "spec.ports[1].number:"},
		{"ServiceEntry", `{"location":"NOWHERE"}`, "spec.location:"},
		{"DestinationRule", `{"trafficPolicy":{"tls":"SIMPLE"}}`, "spec.trafficPolicy.tls:"},
		{"DestinationRule", `"a string"`, "spec:"},
		{"VirtualService", `{"http":[{"route":[{"weight":"all"}]}]}`, "spec.http[0].route[0].weight:"},
	} {
		raw := `{"apiVersion":"networking.istio.io/v1","kind":"` + c.kind + `","metadata":{"name":"x","namespace":"y"},"spec":` + c.spec + `}`
		_, err := Decode([]byte(raw))
		if err == nil || !strings.Contains(err.Error(), "read "+c.kind+" y/x: "+c.want) {
			t.Errorf("%s %.100s: want %q, got %v", c.kind, c.spec, c.want, err)
		}
	}
}
