package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/internal/cli/offline"
	"github.com/tlsward/tlsward/internal/config"
	"github.com/tlsward/tlsward/internal/manifests"
	"github.com/tlsward/tlsward/webhook/admission"
)

// fileOptions are the flags of all commands that read manifests and judge them.
type fileOptions struct {
	files     []string
	config    string
	policies  []string
	namespace string
}

func (o *fileOptions) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVarP(&o.files, "filename", "f", nil, "`PATH` of manifests: a file, a directory, or - for standard input (may be repeated)")
	f.StringVar(&o.config, "config", "", "configuration file (default: built-in defaults)")
	f.StringSliceVar(&o.policies, "policies", nil, "directory of further policies in Rego (may be repeated)")
	f.StringVarP(&o.namespace, "namespace", "n", "default", "namespace of objects that name none")
}

// more takes further paths: a shell expands `-f *.yaml` into one flag and many arguments.
func (o *fileOptions) more(paths []string) error {
	o.files = append(o.files, paths...)
	if len(o.files) == 0 {
		return errors.New("name the manifests: -f PATH (a file, a directory, or - for standard input)")
	}
	return nil
}

// judge compiles the policies for the configuration.
func (o *fileOptions) judge(ctx context.Context) (*admission.Evaluator, error) {
	cfg, err := loadConfig(o.config)
	if err != nil {
		return nil, err
	}
	return admission.NewEvaluator(ctx, cfg, directories(o.policies)...)
}

// mutator gives a judge that can mutate and nothing else: that takes no policies.
func (o *fileOptions) mutator() (*admission.Evaluator, error) {
	cfg, err := loadConfig(o.config)
	return &admission.Evaluator{Config: cfg}, err
}

// loadConfig reads a configuration file; the defaults where there is none.
func loadConfig(path string) (*v1alpha1.Config, error) {
	if path == "" {
		return v1alpha1.DefaultConfig(), nil
	}
	return config.Load(path)
}

// mesh reads the manifests. What a person should know of them goes to stderr.
func (o *fileOptions) mesh(judge *admission.Evaluator, stdin io.Reader, stderr io.Writer) (*offline.Mesh, error) {
	files, err := manifests.Files(stdin, o.files...)
	if err != nil {
		return nil, err
	}
	return o.meshOf(judge, files, stderr)
}

// meshOf makes the mesh of files that have been read.
func (o *fileOptions) meshOf(judge *admission.Evaluator, files []manifests.File, stderr io.Writer) (*offline.Mesh, error) {
	docs, err := manifests.ParseAll(files)
	if err != nil {
		return nil, err
	}
	m, err := offline.Load(admission.MeshSettings(judge.Config.Mesh), docs, o.namespace)
	if err != nil {
		return nil, err
	}
	for _, note := range m.Notes {
		_, _ = fmt.Fprintln(stderr, "tlsward:", note)
	}
	return m, nil
}
