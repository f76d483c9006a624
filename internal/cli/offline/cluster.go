package offline

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/internal/cli/live"
	"github.com/tlsward/tlsward/internal/istiod"
	"github.com/tlsward/tlsward/internal/manifests"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/webhook/admission"
)

// cluster is what files are laid over.
type cluster struct {
	objects      []manifests.Document
	controlPlane []manifests.Document // what configures it
	exemptions   []manifests.Document
	namespace    string // of objects that name none
	replace      bool   // see Source.Replace
	notes        []string
	// earlier is the mesh of the files' earlier state over the cluster; nil where it does not count.
	earlier *Mesh
}

// cluster returns what s lays files over.
func (s Source) cluster(ctx context.Context, c *v1alpha1.Config) (cluster, error) {
	if s.IsLive() {
		return s.readCluster(ctx, c.Mesh.Revision)
	}
	return cluster{namespace: cmp.Or(s.Namespace, "default")}, nil
}

// readCluster reads the cluster that s names; revision is the control plane's.
func (s Source) readCluster(ctx context.Context, revision string) (cluster, error) {
	client, namespace, err := live.Connect(s.ConfigFlags())
	if err != nil {
		return cluster{}, err
	}
	objects, notes, err := live.Objects(ctx, client)
	if err != nil {
		return cluster{}, err
	}
	c := cluster{objects: objects, namespace: namespace, replace: s.Replace, notes: notes}
	exemptions, more, err := live.Exemptions(ctx, client)
	if err != nil {
		return cluster{}, err
	}
	c.exemptions, c.notes = exemptions, append(c.notes, more...)
	revision = cmp.Or(revision, mesh.DefaultRevision)
	others, _ := istiod.OtherRevisions(revision, c.revisionsIn(objects)) // settings tells of more
	for _, revision := range append([]string{revision}, others...) {
		configuring, more, err := live.ControlPlane(ctx, client, revision)
		if err != nil {
			return cluster{}, err
		}
		c.controlPlane, c.notes = append(c.controlPlane, configuring...), append(c.notes, more...)
	}
	if len(others) == 0 {
		return c, nil
	}
	tags, more, err := live.Tags(ctx, client)
	c.controlPlane, c.notes = append(c.controlPlane, tags...), append(c.notes, more...)
	return c, err
}

// revisionsIn returns the revisions of the control planes that have a Service among documents.
func (c cluster) revisionsIn(docs []manifests.Document) []string {
	var services []*mesh.Object
	for _, d := range docs {
		if d.Head.Kind != mesh.KindService || !strings.HasPrefix(d.Head.Metadata.Name, istiod.DeploymentName("")) {
			continue
		}
		raw, err := inNamespace(d, c.namespace)
		if err != nil {
			continue // readStored tells it
		}
		if o, err := mesh.Decode(raw); err == nil && o != nil {
			services = append(services, o)
		}
	}
	return mesh.RevisionsIn(istiod.Namespace, services...)
}

// mesh returns the mesh of documents over the cluster; of its own objects if they are to be judged as they stand. Documents that
// configure the control plane go before the cluster's.
func (c cluster) mesh(evaluator *admission.Evaluator, docs []manifests.Document, standing bool) (*Mesh, error) {
	settings, outside, err := c.settings(evaluator, docs, append(c.revisionsIn(c.objects), c.revisionsIn(docs)...))
	if err != nil {
		return nil, err
	}
	var m *Mesh
	if standing {
		m, err = loadStanding(settings, c.objects, c.namespace)
	} else {
		m = loadOver(settings, c, docs)
	}
	if err != nil {
		return nil, err
	}
	m.exempt(evaluator, c.exemptions, docs)
	m.OutsideModel = outside
	for _, field := range outside {
		m.Notes = append(m.Notes, "not followed: "+field)
	}
	if note := istiod.RevisionsNote(m.Snapshot); note != "" {
		m.Notes = append(m.Notes, note)
	}
	return m, nil
}

// settings returns what documents over the cluster and the configuration say of the mesh, with the meshes of other control planes, of
// which some are known to be there, and what of it is not followed.
func (c cluster) settings(evaluator *admission.Evaluator, docs []manifests.Document, there []string) (s mesh.Settings, outside []string, err error) {
	config := evaluator.Config.Mesh
	from := istioObjects{slices.Concat(c.controlPlane, docs), c.namespace}
	configured, err := from.controlPlane(config.Revision)
	if err != nil {
		return s, nil, err
	}
	others, more, err := from.others(config.Revision, there)
	if err != nil {
		return s, nil, err
	}
	if s, err = configured.Together(others); err == nil {
		s, err = admission.MeshSettings(config, s)
	}
	s.Tags = from.tags()
	outside = append(configured.OutsideModelBeside(others), admission.OutsideModel(config)...)
	if more > 0 {
		outside = append(outside, istiod.NotFollowed(more))
	}
	return s, outside, err
}

// Below is what the stored objects of a test are laid over: the mesh of a cluster, or nothing.
type Below struct {
	cluster cluster
	objects []*mesh.Object
}

// Below reads the cluster that s names with Kubeconfig or Context, and what is rendered over it. What a person should know of
// it goes to streams.Err.
func (s Source) Below(ctx context.Context, c *v1alpha1.Config, streams cli.Streams) (*Below, error) {
	below := &Below{cluster: cluster{namespace: cmp.Or(s.Namespace, "default")}}
	var err error
	if s.Kubeconfig != "" || s.Context != "" {
		if below.cluster, err = s.readCluster(ctx, c.Mesh.Revision); err != nil {
			return nil, err
		}
	}
	if err := below.cluster.addRendered(s); err != nil {
		return nil, err
	}
	var m Mesh
	for _, stored := range m.readStored(below.cluster) {
		below.objects = append(below.objects, stored.object)
	}
	for _, note := range append(below.cluster.notes, m.Notes...) {
		streams.Note("%s", note)
	}
	return below, nil
}

// addRendered adds what s renders to the objects of the cluster, and to what configures it.
func (c *cluster) addRendered(s Source) error {
	files, err := s.rendered()
	if err != nil {
		return err
	}
	for _, d := range manifests.ReadContents(files, counts).Documents {
		if d.Raw, err = inNamespace(d, c.namespace); err != nil {
			return fmt.Errorf("%s: %w", d.Where(), err)
		}
		c.objects, c.controlPlane = append(c.objects, d), append(c.controlPlane, d)
	}
	return nil
}

// Snapshot returns the mesh of objects over the cluster: they take the place of those of the same name. configuring are those that
// configure control planes.
func (b *Below) Snapshot(evaluator *admission.Evaluator, configuring []manifests.Document, objects ...*mesh.Object) (*mesh.Snapshot, error) {
	all := slices.Concat(b.objects, objects)
	settings, _, err := b.cluster.settings(evaluator, configuring, mesh.RevisionsIn(istiod.Namespace, all...))
	if err != nil {
		return nil, err
	}
	return mesh.New(settings, all...), nil
}
