package serve

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestIstioConfigMap(t *testing.T) {
	for revision, want := range map[string]string{"": "istio", "default": "istio", "canary": "istio-canary"} {
		if have := istioConfigMap(revision); have != want {
			t.Errorf("revision %q: %s, want %s", revision, have, want)
		}
	}
}

func TestReadMeshConfig(t *testing.T) {
	configMap := func(name string, data map[string]string) *corev1.ConfigMap {
		return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}, Data: data}
	}
	for name, c := range map[string]struct {
		found      []*corev1.ConfigMap
		want, fail string
	}{
		"none":            {},
		"of another name": {found: []*corev1.ConfigMap{configMap("istio-canary", map[string]string{"mesh": "trustDomain: a"})}},
		"YAML":            {found: []*corev1.ConfigMap{configMap("other", nil), configMap("istio", map[string]string{"mesh": "trustDomain: a"})}, want: `{"trustDomain":"a"}`},
		"without the key": {found: []*corev1.ConfigMap{configMap("istio", map[string]string{"meshNetworks": ""})}, fail: `there is no key "mesh"`},
		"not YAML":        {found: []*corev1.ConfigMap{configMap("istio", map[string]string{"mesh": "a: ["})}, fail: `key "mesh": `},
	} {
		t.Run(name, func(t *testing.T) {
			have, err := readMeshConfig(c.found, "istio")
			if string(have) != c.want || (err == nil) != (c.fail == "") || err != nil && !strings.Contains(err.Error(), c.fail) {
				t.Errorf("have %s, %v", have, err)
			}
		})
	}
}

func TestClusterMeshConfig(t *testing.T) {
	m := &clusterMeshConfig{awaited: true}
	if m.ready() == nil || m.layers() != nil {
		t.Error("ready before it is known")
	}
	m.set([]byte(`{"trustDomain":"a"}`), "", false)
	m.set(nil, "refused", true)
	if m.ready() != nil || len(m.layers()) != 1 || m.told() != "refused" {
		t.Errorf("a refused one took the place of the last good one: %s, %q", m.layers(), m.told())
	}
	m.set(nil, "", false)
	if m.layers() != nil || m.told() != "" {
		t.Errorf("%s, %q after it is gone", m.layers(), m.told())
	}
	if m := (&clusterMeshConfig{}); m.ready() != nil {
		t.Error("waits for one without a cluster")
	}
}
