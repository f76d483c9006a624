package offline

import (
	"context"
	"io"

	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/internal/config"
	"github.com/tlsward/tlsward/internal/istiod"
	"github.com/tlsward/tlsward/internal/manifests"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies"
	"github.com/tlsward/tlsward/webhook/admission"
)

// Source names the files of a mesh and the cluster below them, and what says by what it is evaluated.
type Source struct {
	// Paths are files, directories, and "-" for standard input. Without any the mesh is that of the cluster.
	Paths []string
	// Kustomizations are directories whose kustomization is rendered; what it makes counts as files do.
	Kustomizations []string
	// Chart is a Helm chart, a directory or an archive, that is rendered with the files of Values; "" for none.
	Chart  string
	Values []string
	// Kubeconfig and Context name the cluster; with both "" and files there is none, and without files it is kubectl's.
	Kubeconfig, Context string
	// Namespace is that of objects that name none; "" for that of the cluster's context, or "default".
	Namespace string
	// Replace has an object of the files take the place of the stored one, as kubectl replace does and not as apply.
	Replace bool
	// Verbose names what in the files is passed by since it is no Kubernetes object.
	Verbose bool
	// Config is a configuration file; "" for the defaults.
	Config string
	// Policies are directories of policies beside the built-in ones.
	Policies []string
}

// ConfigFlags returns the flags of kubectl that s has.
func (s *Source) ConfigFlags() *genericclioptions.ConfigFlags {
	return &genericclioptions.ConfigFlags{KubeConfig: &s.Kubeconfig, Context: &s.Context, Namespace: &s.Namespace}
}

// IsLive reports whether the mesh is that of a cluster, below the files.
func (s Source) IsLive() bool { return s.Kubeconfig != "" || s.Context != "" || !s.HasFiles() }

// HasFiles reports whether s names manifests.
func (s Source) HasFiles() bool { return len(s.Paths) > 0 || s.IsRendered() }

// IsRendered reports whether any of the manifests are rendered.
func (s Source) IsRendered() bool { return len(s.Kustomizations) > 0 || s.Chart != "" }

// Evaluator returns the Evaluator of the configuration and all policies.
func (s Source) Evaluator(ctx context.Context) (*admission.Evaluator, error) {
	c, err := config.LoadOrDefault(s.Config)
	if err != nil {
		return nil, err
	}
	return admission.NewEvaluator(ctx, c, policies.Dirs(s.Policies)...)
}

// Mutator returns an Evaluator that can mutate and nothing else: it has no policies, which would have to be compiled.
func (s Source) Mutator() (*admission.Evaluator, error) {
	c, err := config.LoadOrDefault(s.Config)
	return &admission.Evaluator{Config: c}, err
}

// Read reads the files, and the cluster, and returns their mesh, as Parse does.
func (s Source) Read(ctx context.Context, evaluator *admission.Evaluator, streams cli.Streams) (*Mesh, error) {
	files, err := s.Files(streams.In)
	if err != nil {
		return nil, err
	}
	return s.Parse(ctx, evaluator, files, streams)
}

// Files reads the files, and renders what is to be rendered.
func (s Source) Files(stdin io.Reader) ([]manifests.File, error) {
	files, err := manifests.Files(stdin, s.Paths...)
	if err != nil {
		return nil, err
	}
	rendered, err := s.rendered()
	return append(files, rendered...), err
}

// Parse returns the mesh of files that were read, over the cluster. Without any, the cluster's own objects are those of the
// mesh. What a person should know of them goes to streams.Err; objects that cannot be read are Broken in the mesh.
func (s Source) Parse(ctx context.Context, evaluator *admission.Evaluator, files []manifests.File, streams cli.Streams) (*Mesh, error) {
	parse, err := s.Parser(ctx, evaluator)
	if err != nil {
		return nil, err
	}
	return parse(files, streams)
}

// Parser returns what does as Parse, again and again over the cluster as it is read now.
func (s Source) Parser(ctx context.Context, evaluator *admission.Evaluator) (func([]manifests.File, cli.Streams) (*Mesh, error), error) {
	below, err := s.cluster(ctx, evaluator.Config)
	if err != nil {
		return nil, err
	}
	return func(files []manifests.File, streams cli.Streams) (*Mesh, error) {
		m, err := s.over(below, evaluator, s.contents(files, streams), streams)
		if err == nil {
			m.Files = files
		}
		return m, err
	}, nil
}

// contents returns what the files hold, and tells what of it is passed by.
func (s Source) contents(files []manifests.File, streams cli.Streams) manifests.Contents {
	contents := manifests.ReadContents(files, counts)
	streams.NotePassedBy(contents.PassedBy, s.Verbose)
	return contents
}

// counts reports whether an object of the files decides anything: one of the mesh, one that can configure the control plane,
// or an Exemption.
func counts(head manifests.Head) bool {
	switch head.APIVersion + " " + head.Kind {
	case "v1 ConfigMap", "apps/v1 Deployment", "admissionregistration.k8s.io/v1 " + istiod.TagKind:
		return true
	}
	return isExemption(head) || mesh.Reads(head.APIVersion, head.Kind)
}

// over returns the mesh of what files hold over a cluster; of its own objects where s names no files.
func (s Source) over(below cluster, evaluator *admission.Evaluator, contents manifests.Contents, streams cli.Streams) (*Mesh, error) {
	m, err := below.mesh(evaluator, contents.Documents, !s.HasFiles())
	if err != nil {
		return nil, err
	}
	m.addOther(contents)
	for _, note := range append(below.notes, m.Notes...) {
		streams.Note("%s", note)
	}
	return m, nil
}

// ReadEach reads the files, and the cluster, once, and returns their mesh for each of the evaluators.
func (s Source) ReadEach(ctx context.Context, streams cli.Streams, evaluators ...*admission.Evaluator) ([]*Mesh, error) {
	files, err := s.Files(streams.In)
	if err != nil {
		return nil, err
	}
	contents := s.contents(files, streams)
	below, err := s.cluster(ctx, evaluators[0].Config)
	if err != nil {
		return nil, err
	}
	var all []*Mesh
	for i, evaluator := range evaluators {
		if i > 0 { // the notes are the same
			streams = streams.Silent()
		}
		m, err := s.over(below, evaluator, contents, streams)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}
