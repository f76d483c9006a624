package istiod

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/tlsward/tlsward/mesh"
)

func TestControlPlane(t *testing.T) {
	var none ControlPlane
	if s, err := none.Settings(); err != nil || !reflect.DeepEqual(s, mesh.DefaultSettings()) || none.Known() || none.OutsideModel() != nil {
		t.Errorf("where nothing is known: %+v, %v", s, err)
	}
	c := ControlPlane{MeshConfig: json.RawMessage(`{"rootNamespace": "mesh", "proxyHttpPort": 15002}`)}
	want := mesh.DefaultSettings()
	want.RootNamespace = "mesh"
	if s, err := c.Settings(); err != nil || !reflect.DeepEqual(s, want) || !c.Known() {
		t.Errorf("%+v, %v", s, err)
	}
	if have := c.OutsideModel(); !reflect.DeepEqual(have, []string{"proxyHttpPort: what applications send to their proxy as to an HTTP proxy"}) {
		t.Errorf("outside the model: %q", have)
	}
	if _, err := (ControlPlane{MeshConfig: json.RawMessage(`{"rootNamespace": 1}`)}).Settings(); err == nil {
		t.Error("a MeshConfig that cannot be read is taken")
	}
}
