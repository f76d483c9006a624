package offline

import (
	"context"
	"io"

	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/internal/config"
	"github.com/tlsward/tlsward/internal/manifests"
	"github.com/tlsward/tlsward/policies"
	"github.com/tlsward/tlsward/webhook/admission"
)

// Source names the files of a mesh, and those that say by what it is evaluated.
type Source struct {
	// Paths are files, directories, and "-" for standard input.
	Paths []string
	// Namespace is that of objects that name none.
	Namespace string
	// Config is a configuration file; "" for the defaults.
	Config string
	// Policies are directories of policies beside the built-in ones.
	Policies []string
}

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

// Read reads the files and returns their mesh, as Parse does.
func (s Source) Read(evaluator *admission.Evaluator, streams cli.Streams) (*Mesh, error) {
	files, err := s.Files(streams.In)
	if err != nil {
		return nil, err
	}
	return s.Parse(evaluator, files, streams)
}

// Files reads the files.
func (s Source) Files(stdin io.Reader) ([]manifests.File, error) {
	return manifests.Files(stdin, s.Paths...)
}

// Parse returns the mesh of files that were read. What a person should know of them goes to streams.Err.
func (s Source) Parse(evaluator *admission.Evaluator, files []manifests.File, streams cli.Streams) (*Mesh, error) {
	docs, err := manifests.ParseAll(files)
	if err != nil {
		return nil, err
	}
	m, err := s.Mesh(evaluator, docs)
	if err != nil {
		return nil, err
	}
	for _, note := range m.Notes {
		streams.Note("%s", note)
	}
	return m, nil
}

// Mesh returns the mesh of documents, with the settings of the evaluator's configuration.
func (s Source) Mesh(evaluator *admission.Evaluator, docs []manifests.Document) (*Mesh, error) {
	settings, err := admission.MeshSettings(evaluator.Config.Mesh)
	if err != nil {
		return nil, err
	}
	return Load(settings, docs, s.Namespace)
}
