package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// platform is one of Go's.
type platform struct{ OS, Arch string }

func (p platform) String() string { return p.OS + "/" + p.Arch }

// executable returns the file name of the program there.
func (p platform) executable() string {
	if p.OS == "windows" {
		return "tlsward.exe"
	}
	return "tlsward"
}

// defaultPlatforms are those of a whole release.
func defaultPlatforms() []string {
	return []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64", "windows/arm64"}
}

func parsePlatforms(names []string) (all []platform, err error) {
	for _, name := range names {
		system, arch, ok := strings.Cut(name, "/")
		if !ok || system == "" || arch == "" {
			return nil, fmt.Errorf("platform %q: want os/arch", name)
		}
		all = append(all, platform{system, arch})
	}
	return all, nil
}

// environment is all that the bytes of a binary depend on beside the tree: what a user has set elsewhere is set back.
func (p plan) environment(target platform) []string {
	return []string{"CGO_ENABLED=0", "GOOS=" + target.OS, "GOARCH=" + target.Arch, "GOAMD64=v1", "GOARM64=v8.0",
		"GOFLAGS=", "GOEXPERIMENT=", "GOWORK=off", "GOTOOLCHAIN=" + p.toolchain}
}

// buildFlags are those of `go build`. The version says which commit it is; what git says of the tree would be one more
// thing that differs between two copies of it.
func (p plan) buildFlags() []string {
	return []string{"-trimpath", "-buildvcs=false", "-ldflags=-s -w -X main.version=" + p.Version}
}

// compile builds the program for target in work.
func (p plan) compile(ctx context.Context, work string, target platform) (built, error) {
	b := built{platform: target, binary: filepath.Join(work, target.OS+"_"+target.Arch)}
	args := slices.Concat([]string{"build"}, p.buildFlags(), []string{"-o", b.binary, "./cmd/tlsward"})
	_, err := output(ctx, p.Source, p.environment(target), "go", args...)
	return b, err
}

// packed packs a program with its licence and its manual; its SBOM goes beside it.
func (p plan) packed(b built, manual []file) (built, error) {
	var err error
	target := b.platform
	if b.sbom, err = p.sbom(b.binary, target); err != nil {
		return built{}, fmt.Errorf("list its modules: %w", err)
	}
	name := fmt.Sprintf("tlsward_%s_%s_%s", p.Version, target.OS, target.Arch)
	if err := p.write(name+".cdx.json", b.sbom); err != nil {
		return built{}, err
	}
	b.archive, err = p.pack(b, name, manual)
	return b, err
}

// pack writes the archive of a binary, a zip for Windows and a tar.gz for others, and returns its name. Windows has no use for a manual.
func (p plan) pack(b built, name string, manual []file) (string, error) {
	program, err := os.ReadFile(b.binary)
	if err != nil {
		return "", err
	}
	files := []file{{Name: b.platform.executable(), Mode: 0o755, Data: program}}
	for _, beside := range []string{"LICENSE", "README.md"} {
		data, err := os.ReadFile(filepath.Join(p.Source, beside))
		if err != nil {
			return "", err
		}
		files = append(files, file{Name: beside, Mode: 0o644, Data: data})
	}
	pack, suffix := tarred, ".tar.gz"
	if b.platform.OS == "windows" {
		pack, suffix = zipped, ".zip"
	} else {
		files = append(files, manual...)
	}
	archive, err := pack(files, p.commit.Time)
	if err != nil {
		return "", err
	}
	return name + suffix, p.write(name+suffix, archive)
}
