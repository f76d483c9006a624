package istiod

import (
	"strings"
	"testing"
)

func TestMeshConfigName(t *testing.T) {
	for revision, want := range map[string]string{"": "istio", "default": "istio", "canary": "istio-canary"} {
		if have := MeshConfigName(revision); have != want {
			t.Errorf("revision %q: %s, want %s", revision, have, want)
		}
	}
}

func TestMeshConfig(t *testing.T) {
	for name, c := range map[string]struct {
		data       map[string]string
		want, fail string
	}{
		"no data":         {},
		"YAML":            {data: map[string]string{"mesh": "trustDomain: a\n"}, want: `{"trustDomain":"a"}`},
		"JSON":            {data: map[string]string{"mesh": `{"trustDomain": "a"}`}, want: `{"trustDomain":"a"}`},
		"without the key": {data: map[string]string{"meshNetworks": "networks: {}"}},
		"empty":           {data: map[string]string{"mesh": "# nothing\n"}},
		"not YAML":        {data: map[string]string{"mesh": "a: ["}, fail: `key "mesh": `},
	} {
		t.Run(name, func(t *testing.T) {
			have, err := MeshConfig(c.data)
			if string(have) != c.want || (err == nil) != (c.fail == "") || err != nil && !strings.Contains(err.Error(), c.fail) {
				t.Errorf("have %s, %v", have, err)
			}
		})
	}
}
