package offline

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/tlsward/tlsward/internal/istiod"
	"github.com/tlsward/tlsward/internal/manifests"
)

// istioObjects are documents; namespace is that of objects that name none.
type istioObjects struct {
	docs      []manifests.Document
	namespace string
}

// controlPlane returns how documents configure the control plane of a revision.
func (o istioObjects) controlPlane(revision string) (istiod.ControlPlane, error) {
	var c istiod.ControlPlane
	var err error
	if c.Deployment, err = o.deployment(istiod.DeploymentName(revision)); err != nil {
		return c, err
	}
	if c.Shared, err = o.meshConfig(c.SharedMeshConfig()); err != nil {
		return c, err
	}
	c.MeshConfig, err = o.meshConfig(istiod.MeshConfigName(revision))
	return c, err
}

// others returns how documents configure the control planes of other revisions than one: of those that are known to be there, or that
// have a Deployment, or a ConfigMap with a MeshConfig; more is how many beyond them are not followed.
func (o istioObjects) others(revision string, there []string) (found map[string]istiod.ControlPlane, more int, err error) {
	found = map[string]istiod.ControlPlane{}
	add := func(name string, isThere bool) error {
		c, err := o.controlPlane(name)
		if err == nil && (isThere || c.Deployment != nil || c.MeshConfig != nil) {
			found[name] = c
		}
		return err
	}
	for _, name := range there {
		if err := add(name, true); err != nil {
			return nil, 0, err
		}
	}
	for _, name := range o.named() {
		if err := add(name, false); err != nil {
			return nil, 0, err
		}
	}
	followed, more := istiod.OtherRevisions(revision, slices.Collect(maps.Keys(found)))
	maps.DeleteFunc(found, func(name string, _ istiod.ControlPlane) bool { return !slices.Contains(followed, name) })
	return found, more, nil
}

// named returns the revisions for which documents are named, but for the ConfigMaps that a Deployment shares.
func (o istioObjects) named() []string {
	var revisions, shared []string
	for _, kind := range []string{"Deployment", "ConfigMap"} {
		for i := range o.docs {
			head := &o.docs[i].Head
			name, ok := istiod.RevisionOf(kind, head.Metadata.Name)
			if !ok || head.Kind != kind || slices.Contains(shared, head.Metadata.Name) {
				continue
			}
			revisions = append(revisions, name)
			if d, err := o.deployment(istiod.DeploymentName(name)); err == nil { // controlPlane tells the error
				shared = append(shared, istiod.ControlPlane{Deployment: d}.SharedMeshConfig())
			}
		}
	}
	return revisions
}

// tags returns the revisions by the tags that are webhook configurations, nil for none.
func (o istioObjects) tags() map[string]string {
	var found map[string]string
	for i := range o.docs {
		d := &o.docs[i]
		var object metav1.PartialObjectMetadata
		if d.Head.Kind != istiod.TagKind || json.Unmarshal(d.Raw, &object) != nil {
			continue
		}
		if tag, revision, ok := istiod.Tag(object.Labels); ok {
			if found == nil {
				found = map[string]string{}
			}
			found[tag] = revision
		}
	}
	return found
}

// deployment reads a Deployment, nil where there is none.
func (o istioObjects) deployment(name string) (*istiod.Deployment, error) {
	d := o.last("apps/v1", "Deployment", name)
	if d == nil {
		return nil, nil
	}
	var deployment appsv1.Deployment
	if err := json.Unmarshal(d.Raw, &deployment); err != nil {
		return nil, unreadable(d, err)
	}
	return istiod.ReadDeployment(&deployment), nil
}

// meshConfig reads the MeshConfig in a ConfigMap, nil where there is none.
func (o istioObjects) meshConfig(name string) (json.RawMessage, error) {
	d := o.last("v1", "ConfigMap", name)
	if d == nil {
		return nil, nil
	}
	var configMap corev1.ConfigMap
	if err := json.Unmarshal(d.Raw, &configMap); err != nil {
		return nil, unreadable(d, err)
	}
	raw, err := istiod.MeshConfig(configMap.Data)
	if err == nil {
		_, err = istiod.ControlPlane{MeshConfig: raw}.Settings()
	}
	if err != nil {
		return nil, unreadable(d, err)
	}
	return raw, nil
}

func unreadable(d *manifests.Document, err error) error {
	return fmt.Errorf("%s: %s %s/%s: %w", d.Where(), d.Head.Kind, istiod.Namespace, d.Head.Metadata.Name, err)
}

// last returns the last object of a name in istiod's namespace, nil for none.
func (o istioObjects) last(apiVersion, kind, name string) *manifests.Document {
	for i := len(o.docs) - 1; i >= 0; i-- {
		head := &o.docs[i].Head
		if head.APIVersion == apiVersion && head.Kind == kind && head.Metadata.Name == name &&
			cmp.Or(head.Metadata.Namespace, o.namespace) == istiod.Namespace {
			return &o.docs[i]
		}
	}
	return nil
}
