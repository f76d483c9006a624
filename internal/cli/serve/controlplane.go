package serve

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/tlsward/tlsward/internal/istiod"
	"github.com/tlsward/tlsward/mesh"
)

// controlPlane is how istiod is configured, as the cluster last showed it.
type controlPlane struct {
	awaited bool // whether there is a cluster to read it from
	// deployment, meshConfig and shared name istiod's Deployment, its own ConfigMap, and the one that SHARED_MESH_CONFIG names.
	deployment, meshConfig, shared *watchedName

	mu          sync.Mutex
	deployed    seenDeployment
	own, common seenMeshConfig
	// contradicted is where Config says something else; outside is what the model does not follow.
	contradicted, outside []string
}

// seenDeployment is what was last seen of istiod's Deployment.
type seenDeployment struct {
	known  bool
	found  *istiod.Deployment // nil where there is none
	unread error              // why none was read yet
}

// seenMeshConfig is what was last seen of a ConfigMap with a MeshConfig.
type seenMeshConfig struct {
	known   bool
	raw     json.RawMessage // what is in force; nil for none
	refused error           // why the newest is not
	unread  error           // why none was read yet
}

func newControlPlane(revision string) *controlPlane {
	return &controlPlane{deployment: newWatchedName(istiod.DeploymentName(revision)),
		meshConfig: newWatchedName(istiod.MeshConfigName(revision)), shared: newWatchedName("")}
}

// want makes the control plane that of another revision.
func (c *controlPlane) want(revision string) {
	c.deployment.set(istiod.DeploymentName(revision))
	c.meshConfig.set(istiod.MeshConfigName(revision))
}

// inForce returns what was last seen and not refused.
func (c *controlPlane) inForce() istiod.ControlPlane {
	c.mu.Lock()
	defer c.mu.Unlock()
	found := istiod.ControlPlane{Deployment: c.deployed.found, MeshConfig: c.own.raw}
	if found.SharedMeshConfig() != "" {
		found.Shared = c.common.raw
	}
	return found
}

// see takes the Deployment, nil where there is none.
func (c *controlPlane) see(found *istiod.Deployment) {
	c.mu.Lock()
	c.deployed = seenDeployment{known: true, found: found}
	c.mu.Unlock()
	c.shared.set(c.inForce().SharedMeshConfig())
}

// seeMeshConfig takes a ConfigMap, nil where there is none. A broken MeshConfig is refused, and the last good one stays: before
// the first Istio's defaults. Of a shared one and its own istiod passes a broken one by at once (pkg/config/mesh/meshwatcher
// NewCollection).
func (c *controlPlane) seeMeshConfig(of *seenMeshConfig, found *corev1.ConfigMap) error {
	raw, err := readMeshConfig(found)
	shared := c.shared.get() != ""
	c.mu.Lock()
	defer c.mu.Unlock()
	of.known, of.refused, of.unread = true, err, nil
	if err == nil || shared {
		of.raw = raw
	}
	return err
}

// readMeshConfig returns the MeshConfig of a ConfigMap, nil for none and beside an error.
func readMeshConfig(found *corev1.ConfigMap) (json.RawMessage, error) {
	if found == nil {
		return nil, nil
	}
	raw, err := istiod.MeshConfig(found.Data)
	if err != nil || raw == nil {
		return nil, err
	}
	if _, err := mesh.DefaultSettings().WithMeshConfig(raw); err != nil {
		return nil, err
	}
	return raw, nil
}

// fail takes why an object cannot be read, which matters until it was read once.
func (c *controlPlane) fail(unread *error, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	*unread = err
}

// doubt takes where Config says something else and what is not followed, and reports which are news.
func (c *controlPlane) doubt(contradicted, outside []string) (moreContradicted, moreOutside bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	moreContradicted = len(contradicted) > 0 && !slices.Equal(contradicted, c.contradicted)
	moreOutside = len(outside) > 0 && !slices.Equal(outside, c.outside)
	c.contradicted, c.outside = contradicted, outside
	return moreContradicted, moreOutside
}

// ready returns what is not known yet: decisions by Istio's defaults would be wrong. Without the right to read the Deployment or
// the shared ConfigMap they are done without, which is told.
func (c *controlPlane) ready() error {
	if !c.awaited {
		return nil
	}
	deployment, own, shared := c.deployment.get(), c.meshConfig.get(), c.shared.get()
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case !c.own.known:
		return waitingFor("ConfigMap "+own, c.own.unread)
	case !c.deployed.known && !apierrors.IsForbidden(c.deployed.unread):
		return waitingFor("Deployment "+deployment, c.deployed.unread)
	case shared != "" && !c.common.known && !apierrors.IsForbidden(c.common.unread):
		return waitingFor("ConfigMap "+shared, c.common.unread)
	}
	return nil
}

func waitingFor(what string, err error) error {
	if err != nil {
		return fmt.Errorf("waiting for Istio's %s: %w", what, err)
	}
	return fmt.Errorf("waiting for Istio's %s", what)
}

// told returns what a person should know of it.
func (c *controlPlane) told() string {
	deployment, own, shared := c.deployment.get(), c.meshConfig.get(), c.shared.get()
	c.mu.Lock()
	defer c.mu.Unlock()
	notes := c.own.notes("ConfigMap " + own)
	if shared != "" {
		notes = append(notes, c.common.notes("ConfigMap "+shared)...)
	}
	switch {
	case c.deployed.known && c.deployed.found == nil:
		notes = append(notes, "Deployment "+deployment+" is not there: istiod's version and flags are taken to be the usual ones")
	case !c.deployed.known && c.deployed.unread != nil:
		notes = append(notes, "Deployment "+deployment+" cannot be read: "+c.deployed.unread.Error())
	}
	if len(c.contradicted) > 0 {
		notes = append(notes, "Config goes before it: "+strings.Join(c.contradicted, "; "))
	}
	if len(c.outside) > 0 {
		notes = append(notes, "not followed: "+strings.Join(c.outside, "; "))
	}
	return strings.Join(notes, "; ")
}

// notes returns what a person should know of a ConfigMap.
func (m seenMeshConfig) notes(name string) []string {
	switch {
	case m.refused != nil && m.raw != nil:
		return []string{name + ": " + lastGood(m.refused)}
	case m.refused != nil:
		return []string{name + " is refused: " + m.refused.Error()}
	case m.known && m.raw == nil:
		return []string{name + " has no MeshConfig: Istio's defaults are taken"}
	case !m.known && m.unread != nil:
		return []string{name + " cannot be read: " + m.unread.Error()}
	}
	return nil
}

// counts returns 1 while a MeshConfig is refused, how many fields Config contradicts, and how much is not followed.
func (c *controlPlane) counts() (refused, contradicted, outside float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.own.refused != nil || c.common.refused != nil {
		refused = 1
	}
	return refused, float64(len(c.contradicted)), float64(len(c.outside))
}
