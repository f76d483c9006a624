package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/Masterminds/semver/v3"
)

// plan is a release to make.
type plan struct {
	// Source is the tree, and Dist the directory to make.
	Source, Dist string
	// Version is a semantic version; a leading v is taken away.
	Version   string
	Platforms []platform
	// Builder is the builder.id of the provenance.
	Builder string
	// Downloads is the URL that the files will be below; by default the version's among the releases of the project.
	Downloads string
	// Signer signs; nil makes a release without signatures.
	Signer *signer

	// commit is what is released, and when it was made: the only time that a release knows.
	commit commit
	// toolchain is the Go that go.mod names: another one makes other bytes.
	toolchain string
}

// commit is one of git's.
type commit struct {
	ID   string
	Time time.Time
	// Dirty says that the tree differs from it.
	Dirty bool
}

// built is a binary with what was put beside it.
type built struct {
	platform platform
	// binary is the program's file.
	binary string
	// archive is the name of the file in the release.
	archive string
	// sbom is a CycloneDX document.
	sbom []byte
}

// make makes the release. Dist is what it was until the release is whole.
func (p plan) make(ctx context.Context, out io.Writer) error {
	if err := p.complete(ctx); err != nil {
		return err
	}
	dist := p.Dist
	if err := mayReplace(dist); err != nil {
		return err
	}
	p.Dist = strings.TrimSuffix(dist, "/") + ".part"
	if err := os.RemoveAll(p.Dist); err != nil {
		return err
	}
	if err := os.MkdirAll(p.Dist, 0o755); err != nil { //nolint:gosec // everybody may read a release
		return err
	}
	if err := p.fill(ctx, out); err != nil {
		return err
	}
	if err := os.RemoveAll(dist); err != nil {
		return err
	}
	return os.Rename(p.Dist, dist)
}

// fill makes all files of the release.
func (p plan) fill(ctx context.Context, out io.Writer) error {
	if p.commit.Dirty {
		if _, err := fmt.Fprintln(out, "the tree is not its commit: nobody can make these bytes again"); err != nil {
			return err
		}
	}
	work, err := os.MkdirTemp("", "tlsward-release-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()
	programs, err := p.programs(ctx, work, out)
	if err != nil {
		return err
	}
	manifest, err := p.krew(programs)
	if err != nil {
		return fmt.Errorf("write krew's manifest: %w", err)
	}
	if err := p.write(krewName, manifest); err != nil {
		return err
	}
	if err := p.artifacts(programs, out); err != nil {
		return err
	}
	sums, err := checksums(p.Dist)
	if err != nil {
		return fmt.Errorf("sum up: %w", err)
	}
	if err := p.write("checksums.txt", sums); err != nil {
		return err
	}
	if p.Signer == nil {
		_, err := fmt.Fprintln(out, "nothing is signed: no --key")
		return err
	}
	signature, err := p.Signer.signBase64(sums)
	if err != nil {
		return err
	}
	return p.write("checksums.txt.sig", []byte(signature+"\n"))
}

// complete checks what the user said, and asks git and Go for the rest.
func (p *plan) complete(ctx context.Context) (err error) {
	v, err := semver.StrictNewVersion(strings.TrimPrefix(p.Version, "v"))
	if err != nil {
		return fmt.Errorf("version %q: %w", p.Version, err)
	}
	if v.Metadata() != "" {
		return fmt.Errorf("version %q: no tag of a registry may have a +", p.Version)
	}
	p.Version = v.String()
	if p.Downloads == "" {
		p.Downloads = home + "/releases/download/v" + p.Version
	}
	if p.commit, err = head(ctx, p.Source); err != nil {
		return fmt.Errorf("find the commit: %w", err)
	}
	version, err := output(ctx, p.Source, nil, "go", "list", "-m", "-f", "{{.GoVersion}}")
	if err != nil {
		return fmt.Errorf("find the toolchain: %w", err)
	}
	p.toolchain = "go" + version
	return p.packedBy(runtime.Version())
}

// packedBy returns an error where this program was built by another Go than the one whose library packs the same bytes: the program
// that is released is built by that of go.mod in any case, and archives are packed in here.
func (p *plan) packedBy(version string) error {
	if version, _, _ = strings.Cut(version, " "); version != p.toolchain { // behind a space come experiments
		return fmt.Errorf("archives packed by %s may differ from those of %s: run this with GOTOOLCHAIN=%s, as `make release` does", version, p.toolchain, p.toolchain)
	}
	return nil
}

// mayReplace returns an error where dist is there, and no release.
func mayReplace(dist string) error {
	entries, err := os.ReadDir(dist)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if _, err := os.Stat(filepath.Join(dist, "oci", "oci-layout")); err != nil && len(entries) > 0 {
		return fmt.Errorf("%s holds something else than a release", dist)
	}
	return nil
}

// programs builds and packs the program for each platform, with work for what is only needed meanwhile.
func (p plan) programs(ctx context.Context, work string, out io.Writer) (all []built, err error) {
	for _, target := range p.Platforms {
		start := time.Now()
		b, err := p.compile(ctx, work, target)
		if err != nil {
			return nil, fmt.Errorf("build for %s: %w", target, err)
		}
		all = append(all, b)
		if _, err := fmt.Fprintf(out, "%s in %s\n", target, time.Since(start).Round(100*time.Millisecond)); err != nil {
			return nil, err
		}
	}
	manual, err := p.manual(ctx, work, all)
	if err != nil {
		return nil, fmt.Errorf("write the manual: %w", err)
	}
	for i := range all {
		if all[i], err = p.packed(all[i], manual); err != nil {
			return nil, fmt.Errorf("pack for %s: %w", all[i].platform, err)
		}
	}
	return all, nil
}

// write writes a file of the release.
func (p plan) write(name string, data []byte) error {
	return os.WriteFile(filepath.Join(p.Dist, name), data, 0o644) //nolint:gosec // everybody may read a release
}

// head returns the commit that is checked out in dir.
func head(ctx context.Context, dir string) (commit, error) {
	said, err := output(ctx, dir, nil, "git", "log", "-1", "--format=%H %ct")
	if err != nil {
		return commit{}, err
	}
	id, seconds, _ := strings.Cut(said, " ")
	at, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return commit{}, err
	}
	changes, err := output(ctx, dir, nil, "git", "status", "--porcelain")
	return commit{ID: id, Time: time.Unix(at, 0).UTC(), Dirty: changes != ""}, err
}

// output runs a program in dir, with env beside the process's own, and returns what it printed, without the last newline.
func output(ctx context.Context, dir string, env []string, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	var errs strings.Builder
	cmd.Stderr = &errs
	raw, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, errs.String())
	}
	return strings.TrimSpace(string(raw)), nil
}
