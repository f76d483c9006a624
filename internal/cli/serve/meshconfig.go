package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/tlsward/tlsward/webhook/admission"
	"github.com/tlsward/tlsward/webhook/informer"
)

// meshConfigKey is the key of the MeshConfig in Istio's ConfigMap (istio.io/istio pkg/config/mesh/kubemesh).
const meshConfigKey = "mesh"

// istioConfigMap returns the name of the ConfigMap with the MeshConfig of a revision (istio.io/istio
// pilot/pkg/bootstrap/mesh.go getMeshConfigMapName).
func istioConfigMap(revision string) string {
	if revision == "" || revision == "default" {
		return "istio"
	}
	return "istio-" + revision
}

// clusterMeshConfig is the cluster's MeshConfig, as it was last read.
type clusterMeshConfig struct {
	awaited bool // whether there is a cluster to read it from

	mu    sync.Mutex
	known bool
	raw   json.RawMessage // nil where there is none
	note  string          // what a person should know of it; "" for nothing
}

// layers returns what is laid under a configuration's own.
func (m *clusterMeshConfig) layers() []json.RawMessage {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.raw == nil {
		return nil
	}
	return []json.RawMessage{m.raw}
}

// ready returns why it is not known yet: decisions by Istio's defaults would be wrong.
func (m *clusterMeshConfig) ready() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.awaited && !m.known {
		return errors.New("waiting for Istio's ConfigMap with the MeshConfig")
	}
	return nil
}

// told returns what a person should know of it.
func (m *clusterMeshConfig) told() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.note
}

// set takes what was read; with a note alone the last good one stays.
func (m *clusterMeshConfig) set(raw json.RawMessage, note string, keep bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.known, m.note = true, note
	if !keep {
		m.raw = raw
	}
}

// watchMeshConfig lays the cluster's MeshConfig under the configuration, and does so again when it changes.
func (r *reloader) watchMeshConfig() error {
	if r.s.IstioNamespace == "" || r.s.manager == nil {
		r.mesh.awaited = false
		return nil
	}
	r.s.health.Note("MeshConfig", r.mesh.told)
	return r.s.group.Add(informer.ConfigMaps{
		Cache: r.s.manager.GetCache(), Namespace: r.s.IstioNamespace,
		Changed: func(_ context.Context, found []*corev1.ConfigMap) { r.meshConfigChanged(found) },
	})
}

// meshConfigChanged puts the MeshConfig among ConfigMaps into force. A broken one is refused, and the last good one stays;
// without any istiod has its defaults.
func (r *reloader) meshConfigChanged(found []*corev1.ConfigMap) {
	name := r.s.IstioNamespace + "/" + r.s.istioConfigMap
	raw, err := readMeshConfig(found, r.s.istioConfigMap)
	if err == nil {
		err = r.useMeshConfig(raw)
	}
	switch {
	case err != nil:
		err = fmt.Errorf("ConfigMap %s: %w", name, err)
		r.mesh.set(nil, lastGood(err), true)
		r.warnPod(configurationRefused, err)
		r.s.log.Error("MeshConfig refused; the last good one stays", "error", err.Error())
	case raw == nil:
		r.s.log.Warn("no MeshConfig: Istio's defaults are taken", "configmap", name)
	default:
		r.s.log.Info("MeshConfig applied", "configmap", name)
	}
}

// readMeshConfig returns the MeshConfig of a ConfigMap as JSON, nil where there is none.
func readMeshConfig(found []*corev1.ConfigMap, name string) (json.RawMessage, error) {
	for _, c := range found {
		if c.Name != name {
			continue
		}
		text, ok := c.Data[meshConfigKey]
		if !ok {
			return nil, fmt.Errorf("there is no key %q", meshConfigKey)
		}
		raw, err := yaml.YAMLToJSON([]byte(text))
		if err != nil {
			return nil, fmt.Errorf("key %q: %w", meshConfigKey, err)
		}
		return raw, nil
	}
	return nil, nil
}

// useMeshConfig puts a MeshConfig into force; nil is none.
func (r *reloader) useMeshConfig(raw json.RawMessage) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	before, err := admission.MeshSettings(r.config.Mesh, r.mesh.layers()...)
	if err != nil {
		return err
	}
	var layers []json.RawMessage
	note := "Istio's ConfigMap is not there: Istio's defaults are taken"
	if raw != nil {
		layers, note = append(layers, raw), ""
	}
	settings, err := admission.MeshSettings(r.config.Mesh, layers...)
	if err != nil {
		return err
	}
	if !reflect.DeepEqual(before, settings) {
		r.cache.Configure(settings)
	}
	r.mesh.set(raw, note, false)
	return nil
}
