// Command generate writes the kinds that the CRDs of Istio and the Gateway API define, in the versions that this module and
// test/oracle name, and the fields of those that the mesh reads.
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
		return errors.New("name the directory to write to")
	}
	texts, err := Texts("../..")
	if err != nil {
		return err
	}
	for name, text := range texts {
		if err := os.WriteFile(filepath.Join(args[0], name), text, 0o644); err != nil { //nolint:gosec // a source file
			return err
		}
	}
	return nil
}

// Texts returns the texts of the files, by name; root is the directory of the module.
func Texts(root string) (map[string][]byte, error) {
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
	all := found{fields: map[string]*structural.Fields{}, kinds: map[string]map[string][]string{}}
	for _, name := range files {
		if err := all.addFile(name); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return all.texts()
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

// found is what the CRDs have.
type found struct {
	fields map[string]*structural.Fields  // of the kinds that the mesh reads, by "group/Kind"
	kinds  map[string]map[string][]string // the versions of each kind of a group
}

func (f found) texts() (map[string][]byte, error) {
	texts := map[string][]byte{}
	for name, value := range map[string]any{"fields.json": f.fields, "kinds.json": f.kinds} {
		text, err := json.MarshalIndent(value, "", " ")
		if err != nil {
			return nil, err
		}
		texts[name] = append(text, '\n')
	}
	return texts, nil
}

func (f found) addFile(name string) error {
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
		f.add(crd)
	}
}

func (f found) add(crd definition) {
	group, kind := crd.Spec.Group, crd.Spec.Names.Kind
	for _, version := range crd.Spec.Versions {
		if f.kinds[group] == nil {
			f.kinds[group] = map[string][]string{}
		}
		f.kinds[group][kind] = append(f.kinds[group][kind], version.Name)
		if mesh.Reads(group+"/"+version.Name, kind) {
			f.fields[group+"/"+kind] = union(f.fields[group+"/"+kind], fieldsOf(version.Schema.Root))
		}
	}
}
