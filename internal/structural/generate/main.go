// Command generate writes the fields of the kinds that the mesh reads, as the CRDs of Istio and the Gateway API have them in the
// versions that this module and test/oracle name.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"k8s.io/apimachinery/pkg/util/yaml"

	"github.com/tlsward/tlsward/internal/structural"
	"github.com/tlsward/tlsward/mesh"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return errors.New("name the file to write")
	}
	fields, err := Fields("../..")
	if err != nil {
		return err
	}
	return os.WriteFile(args[0], fields, 0o644) //nolint:gosec // a source file
}

// Fields returns the text of the fields; root is the directory of the module.
func Fields(root string) ([]byte, error) {
	istio, err := moduleDir(root, "istio.io/api")
	if err != nil {
		return nil, err
	}
	gateway, err := moduleDir(filepath.Join(root, "test", "oracle"), "sigs.k8s.io/gateway-api")
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(gateway, "config", "crd", "experimental", "*.yaml"))
	if err != nil {
		return nil, err
	}
	files = append(files, filepath.Join(istio, "kubernetes", "customresourcedefinitions.gen.yaml"))
	all := map[string]*structural.Fields{}
	for _, name := range files {
		if err := addFile(all, name); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	text, err := json.MarshalIndent(all, "", " ")
	return append(text, '\n'), err
}

// moduleDir returns the directory of a module in the version that the go.mod in dir names, downloaded if need be.
func moduleDir(dir, module string) (string, error) {
	cmd := exec.Command("go", "mod", "download", "-json", module)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("find the module %s: %w", module, err)
	}
	var downloaded struct{ Dir string }
	if err := json.Unmarshal(out, &downloaded); err != nil {
		return "", fmt.Errorf("find the module %s: %w", module, err)
	}
	return downloaded.Dir, nil
}

// definition is the part of a CustomResourceDefinition that is read.
type definition struct {
	Kind string `json:"kind"`
	Spec struct {
		Group string `json:"group"`
		Names struct {
			Kind string `json:"kind"`
		} `json:"names"`
		Versions []struct {
			Name   string `json:"name"`
			Schema struct {
				Root property `json:"openAPIV3Schema"`
			} `json:"schema"`
		} `json:"versions"`
	} `json:"spec"`
}

// property is the part of a structural schema that is read.
type property struct {
	Properties map[string]property `json:"properties"`
	Items      *property           `json:"items"`
	Values     *property           `json:"additionalProperties"`
	Any        bool                `json:"x-kubernetes-preserve-unknown-fields"`
}

func addFile(all map[string]*structural.Fields, name string) error {
	raw, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(raw), 4096)
	for {
		var crd definition
		if err := decoder.Decode(&crd); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		for _, version := range crd.Spec.Versions {
			if !mesh.Reads(crd.Spec.Group+"/"+version.Name, crd.Spec.Names.Kind) {
				continue
			}
			key := crd.Spec.Group + "/" + crd.Spec.Names.Kind
			all[key] = union(all[key], fieldsOf(version.Schema.Root))
		}
	}
}

func fieldsOf(p property) *structural.Fields {
	f := &structural.Fields{Any: p.Any}
	for name, property := range p.Properties {
		if f.Properties == nil {
			f.Properties = map[string]*structural.Fields{}
		}
		f.Properties[name] = fieldsOf(property)
	}
	if p.Items != nil {
		f.Items = fieldsOf(*p.Items)
	}
	if p.Values != nil {
		f.Values = fieldsOf(*p.Values)
	}
	return f
}

// union returns the fields that either has: versions of a kind differ in what is new.
func union(a, b *structural.Fields) *structural.Fields {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	out := &structural.Fields{Any: a.Any || b.Any, Items: union(a.Items, b.Items), Values: union(a.Values, b.Values), Properties: a.Properties}
	for name, field := range b.Properties {
		if out.Properties == nil {
			out.Properties = map[string]*structural.Fields{}
		}
		out.Properties[name] = union(out.Properties[name], field)
	}
	return out
}
