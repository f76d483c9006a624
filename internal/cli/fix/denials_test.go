package fix

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/internal/cli/check"
	"github.com/tlsward/tlsward/internal/cli/offline"
	"github.com/tlsward/tlsward/internal/golden"
	"github.com/tlsward/tlsward/webhook/admission"
)

// denyingAll returns what denies what only warns by default, too.
func denyingAll(t *testing.T) *admission.Evaluator {
	t.Helper()
	evaluator, err := (offline.Source{Config: "testdata/denials/raised.config.yaml"}).Evaluator(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return evaluator
}

// mendDenials mends files and returns what is written, with dir as "mesh".
func mendDenials(t *testing.T, evaluator *admission.Evaluator, o Options, dir string) (text string, err error) {
	t.Helper()
	o.Source = offline.Source{Paths: []string{dir}, Namespace: "default"}
	var out, errs strings.Builder
	err = o.mendBy(t.Context(), evaluator, cli.Streams{ProgressAfter: time.Hour, Out: &out, Err: &errs})
	return strings.ReplaceAll(out.String()+errs.String(), dir, "mesh"), err
}

// one returns a directory with copies of files of testdata/denials.
func one(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(read(t, filepath.Join("testdata/denials", name))), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestRunMendsDenials compares the diff and the notes for each file of testdata/denials with its golden file. Afterwards nothing
// is denied that is not named as left, and a second run changes nothing.
func TestRunMendsDenials(t *testing.T) {
	evaluator := denyingAll(t)
	for _, name := range cases(t) {
		t.Run(name, func(t *testing.T) {
			dir := one(t, name)
			text, err := mendDenials(t, evaluator, Options{Denials: true}, dir)
			golden.Equal(t, "testdata/denials/"+strings.TrimSuffix(name, filepath.Ext(name))+".golden", fmt.Sprintf("%s(%v)\n", text, err))
			if read(t, filepath.Join(dir, name)) != read(t, "testdata/denials/"+name) {
				t.Error("the file is written without --in-place")
			}
			if _, again := mendDenials(t, evaluator, Options{Denials: true, InPlace: true}, dir); !errors.Is(again, err) {
				t.Errorf("in place: %v", again)
			}
			text, again := mendDenials(t, evaluator, Options{Denials: true}, dir)
			if !errors.Is(again, err) || strings.Contains(text, "+++") || !strings.Contains(text, ": 0 fixes made, ") {
				t.Errorf("a second run: %v\n%s", again, text)
			}
			if denied := deniedIn(t, evaluator, dir); (len(denied) > 0) != (err != nil) {
				t.Errorf("check denies %q", denied)
			}
		})
	}
}

// cases returns the names of the manifests in testdata/denials.
func cases(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir("testdata/denials")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if ext := filepath.Ext(e.Name()); (ext == ".yaml" || ext == ".json") && !strings.HasSuffix(e.Name(), ".config.yaml") {
			names = append(names, e.Name())
		}
	}
	return names
}

// deniedIn returns what `tlsward check` denies in a directory.
func deniedIn(t *testing.T, evaluator *admission.Evaluator, dir string) (denied []string) {
	t.Helper()
	m, err := offline.Source{Paths: []string{dir}, Namespace: "default"}.Read(t.Context(), evaluator, cli.Streams{Err: &strings.Builder{}})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(m.Whole(), m.Mutate()); err != nil {
		t.Fatal(err)
	}
	findings, err := check.Validate(t.Context(), evaluator, m)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		if f.Action == v1alpha1.Deny {
			denied = append(denied, f.Message)
		}
	}
	return denied
}

// Each policy has a case in testdata/denials, but for those whose fixes are words alone.
func TestEachPolicyIsMended(t *testing.T) {
	words := []string{"any-principal", "unspecified-protocol", "wrong-target-port"}
	names := cases(t)
	for _, p := range denyingAll(t).Engine.Policies() {
		has := slices.ContainsFunc(names, func(name string) bool { return strings.TrimSuffix(name, filepath.Ext(name)) == p.ID })
		if has == slices.Contains(words, p.ID) {
			t.Errorf("%s: has a case: %v", p.ID, has)
		}
	}
}

func TestRunWritesNoFileBesideABrokenOne(t *testing.T) {
	dir := one(t, "plaintext-egress.yaml")
	for name, text := range map[string]string{
		"broken.yaml": "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: a\n",
		"wrong.yaml":  "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: a}\nspec: {hosts: 3}\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		text, err := mendDenials(t, &admission.Evaluator{Config: v1alpha1.DefaultConfig()}, Options{Denials: true, InPlace: true}, dir)
		if err == nil || errors.Is(err, cli.ErrIssuesFound) || !strings.Contains(err.Error(), path+":") || text != "" {
			t.Errorf("%s: %v\n%s", name, err, text)
		}
		if read(t, filepath.Join(dir, "plaintext-egress.yaml")) != read(t, "testdata/denials/plaintext-egress.yaml") {
			t.Errorf("%s: another file was written", name)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

// What cannot be edited is left, and the others are mended all the same.
func TestRunLeavesWhatCannotBeEdited(t *testing.T) {
	dir := one(t, "plaintext-egress.yaml", "invalid-principal.json")
	path := filepath.Join(dir, "plaintext-egress.yaml")
	alias := "x: &spec {host: api.bank.example, trafficPolicy: {tls: {mode: DISABLE}}}\n" +
		"apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: bank}\nspec: *spec\n"
	entry, _, _ := strings.Cut(read(t, path), "\n---\n")
	if err := os.WriteFile(path, []byte(entry+"\n---\n"+alias), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := mendDenials(t, denyingAll(t), Options{Denials: true, InPlace: true}, dir)
	if !errors.Is(err, cli.ErrIssuesFound) || !strings.Contains(got, "spec is an alias; write it out first") || !strings.Contains(got, "tlsward: changed 1 of 2 files\n") {
		t.Errorf("%v\n%s", err, got)
	}
}

func TestRunStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	o := Options{Denials: true, Source: offline.Source{Paths: []string{one(t, "plaintext-egress.yaml")}, Namespace: "default"}}
	err := o.mendBy(ctx, denyingAll(t), cli.Streams{ProgressAfter: time.Hour, Out: &strings.Builder{}, Err: &strings.Builder{}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
