package serve

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	core "k8s.io/client-go/kubernetes/typed/core/v1"

	"github.com/tlsward/tlsward/internal/istiod"
	"github.com/tlsward/tlsward/webhook/informer"
)

// clusterMeshConfig is the MeshConfig of the control plane, as the cluster last showed it.
type clusterMeshConfig struct {
	awaited bool // whether there is a cluster to read it from

	mu    sync.Mutex
	name  string        // of the ConfigMap
	moved chan struct{} // closed when the name changes
	known bool
	found istiod.ControlPlane
	// missing is set where there is no MeshConfig; refused is why the newest was; unread is why none was read yet.
	missing         bool
	refused, unread error
	// contradicted are the fields of which Config says something else; outside is what the model does not follow.
	contradicted, outside []string
}

func newClusterMeshConfig(revision string) *clusterMeshConfig {
	return &clusterMeshConfig{name: istiod.MeshConfigName(revision), moved: make(chan struct{})}
}

// want makes the MeshConfig that of another revision.
func (m *clusterMeshConfig) want(revision string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if name := istiod.MeshConfigName(revision); name != m.name {
		close(m.moved)
		m.name, m.moved = name, make(chan struct{})
	}
}

// wanted returns the name of the ConfigMap, and a channel that is closed when it is another.
func (m *clusterMeshConfig) wanted() (name string, moved <-chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.name, m.moved
}

// inForce returns what was found.
func (m *clusterMeshConfig) inForce() istiod.ControlPlane {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.found
}

// ready returns why it is not known yet: decisions by Istio's defaults would be wrong.
func (m *clusterMeshConfig) ready() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case !m.awaited || m.known:
		return nil
	case m.unread != nil:
		return fmt.Errorf("waiting for Istio's ConfigMap %s: %w", m.name, m.unread)
	default:
		return fmt.Errorf("waiting for Istio's ConfigMap %s", m.name)
	}
}

// told returns what a person should know of it.
func (m *clusterMeshConfig) told() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var notes []string
	if m.missing {
		notes = append(notes, "ConfigMap "+m.name+" has none: Istio's defaults are taken")
	}
	if m.refused != nil {
		notes = append(notes, lastGood(m.refused))
	}
	if len(m.contradicted) > 0 {
		notes = append(notes, "Config goes before it: "+strings.Join(m.contradicted, "; "))
	}
	if len(m.outside) > 0 {
		notes = append(notes, "not followed: "+strings.Join(m.outside, "; "))
	}
	return strings.Join(notes, "; ")
}

// counts returns 1 while a MeshConfig is refused, how many of its fields Config contradicts, and how much is not followed.
func (m *clusterMeshConfig) counts() (refused, contradicted, outside float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.refused != nil {
		refused = 1
	}
	return refused, float64(len(m.contradicted)), float64(len(m.outside))
}

// set takes what was put into force.
func (m *clusterMeshConfig) set(found istiod.ControlPlane) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.known, m.found, m.missing, m.refused, m.unread = true, found, !found.Known(), nil, nil
}

// refuse keeps the last good one.
func (m *clusterMeshConfig) refuse(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.known, m.refused = true, err
}

// fail takes why it cannot be read, which matters until it was read once.
func (m *clusterMeshConfig) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.unread = err
}

// doubt takes the fields of which Config says something else and what is not followed, and reports which are news.
func (m *clusterMeshConfig) doubt(contradicted, outside []string) (moreContradicted, moreOutside bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	moreContradicted = len(contradicted) > 0 && !slices.Equal(contradicted, m.contradicted)
	moreOutside = len(outside) > 0 && !slices.Equal(outside, m.outside)
	m.contradicted, m.outside = contradicted, outside
	return moreContradicted, moreOutside
}

// watchMeshConfig lays the cluster's MeshConfig under the configuration, and does so again when it changes.
func (r *reloader) watchMeshConfig() error {
	if !r.mesh.awaited {
		return nil
	}
	r.s.health.Note("MeshConfig", r.mesh.told)
	r.s.gaugeOf("mesh_config_refused", "1 while the newest MeshConfig of the cluster is refused.",
		func() float64 { refused, _, _ := r.mesh.counts(); return refused })
	r.s.gaugeOf("mesh_config_contradictions", "Fields of MeshConfig of which the configuration says something else than the cluster.",
		func() float64 { _, contradicted, _ := r.mesh.counts(); return contradicted })
	r.s.gaugeOf("mesh_config_outside_model", "Fields of MeshConfig that may move what leaves the mesh, and are not followed.",
		func() float64 { _, _, outside := r.mesh.counts(); return outside })
	client, err := core.NewForConfigAndClient(r.s.manager.GetConfig(), r.s.manager.GetHTTPClient())
	if err != nil {
		return fmt.Errorf("connect to the API server: %w", err)
	}
	return r.s.group.Add(everyReplica(func(ctx context.Context) error {
		for ctx.Err() == nil {
			if err := r.followMeshConfig(ctx, client); err != nil {
				return err
			}
		}
		return nil
	}))
}

// followMeshConfig watches the ConfigMap until ctx is done or another one is wanted.
func (r *reloader) followMeshConfig(ctx context.Context, client core.CoreV1Interface) error {
	name, moved := r.mesh.wanted()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		select {
		case <-moved:
			stop()
		case <-ctx.Done():
		}
	}()
	return informer.Object{
		Client: client.RESTClient(), Resource: "configmaps", Namespace: r.s.IstioNamespace, Name: name, Type: &corev1.ConfigMap{},
		Changed: func(o runtime.Object) {
			found, _ := o.(*corev1.ConfigMap)
			r.meshConfigChanged(name, found)
		},
		Failed: func(err error) {
			r.mesh.fail(err)
			r.s.log.Warn("cannot read the MeshConfig", "configmap", r.s.IstioNamespace+"/"+name, "error", err.Error())
		},
	}.Watch(ctx)
}

// meshConfigChanged puts the MeshConfig of a ConfigMap, which may be nil, into force. A broken one is refused, and the last
// good one stays: before the first Istio's defaults, as in istiod (pkg/config/mesh/meshwatcher NewCollection).
func (r *reloader) meshConfigChanged(name string, found *corev1.ConfigMap) {
	name = r.s.IstioNamespace + "/" + name
	configured, err := controlPlane(found)
	if err == nil {
		err = r.useControlPlane(configured)
	}
	switch {
	case err != nil:
		err = fmt.Errorf("ConfigMap %s: %w", name, err)
		r.mesh.refuse(err)
		r.warnPod(configurationRefused, err)
		r.s.log.Error("MeshConfig refused; the last good one stays", "error", err.Error())
	case !configured.Known():
		r.s.log.Warn("no MeshConfig: Istio's defaults are taken", "configmap", name)
	default:
		r.s.log.Info("MeshConfig applied", "configmap", name)
	}
}

func controlPlane(found *corev1.ConfigMap) (c istiod.ControlPlane, err error) {
	if found != nil {
		c.MeshConfig, err = istiod.MeshConfig(found.Data)
	}
	return c, err
}

// useControlPlane puts how the control plane is configured into force.
func (r *reloader) useControlPlane(found istiod.ControlPlane) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.useMesh(r.config.Mesh, found); err != nil {
		return err
	}
	r.mesh.set(found)
	return nil
}
