package bundles

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/loader"
	"github.com/open-policy-agent/opa/v1/plugins"
	"github.com/open-policy-agent/opa/v1/plugins/bundle"
	"github.com/open-policy-agent/opa/v1/plugins/discovery"
	"github.com/open-policy-agent/opa/v1/plugins/logs"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"sigs.k8s.io/yaml"

	"github.com/tlsward/tlsward/policies"
)

// Service runs OPA's plugins. It is a policies.DataSource, and writes decision logs.
type Service struct {
	manager *plugins.Manager
	bundles *bundle.Plugin
	logs    *logs.Plugin
	// ours names the modules of the library, which bundles are compiled with and do not bring.
	ours map[string]bool

	mu      sync.Mutex
	states  map[string]*bundle.Status
	changed chan struct{}
}

// id is what OPA's plugins call this program towards their services.
const id = "tlsward"

// New reads an OPA configuration (YAML or JSON): services, keys, bundles, decision_logs, status. Nothing runs before
// Start.
func New(ctx context.Context, raw []byte, log *slog.Logger) (*Service, error) {
	text, err := yaml.YAMLToJSON(raw)
	if err != nil {
		return nil, fmt.Errorf("read the OPA configuration: %w", err)
	}
	library, err := library(ctx)
	if err != nil {
		return nil, err
	}
	manager, err := plugins.New(text, id, inmem.New(),
		plugins.InitFiles(loader.Result{Modules: library}),
		plugins.Logger(opaLogger{log}), plugins.ConsoleLogger(opaLogger{log}),
		plugins.WithParserOptions(ast.ParserOptions{RegoVersion: ast.RegoV1}),
	)
	if err != nil {
		return nil, fmt.Errorf("read the OPA configuration: %w", err)
	}
	found, err := discovery.New(manager)
	if err != nil {
		return nil, fmt.Errorf("read the OPA configuration: %w", err)
	}
	manager.Register(discovery.Name, found)
	s := &Service{manager: manager, ours: map[string]bool{}, states: map[string]*bundle.Status{}, changed: make(chan struct{}, 1)}
	for name := range library {
		s.ours[name] = true
	}
	return s, nil
}

// library gives the built-in modules, and what tests start from: bundles are compiled with them.
func library(ctx context.Context) (map[string]*loader.RegoFile, error) {
	files, err := policies.Library(ctx)
	if err != nil {
		return nil, err
	}
	out := make(map[string]*loader.RegoFile, len(files))
	for name, text := range files {
		module, err := ast.ParseModuleWithOpts(name, text, ast.ParserOptions{RegoVersion: ast.RegoV1})
		if err != nil {
			return nil, fmt.Errorf("library: %w", err)
		}
		out[name] = &loader.RegoFile{Name: name, Parsed: module, Raw: []byte(text)}
	}
	return out, nil
}

// Start begins to fetch bundles. It returns at once; Wait waits for them.
func (s *Service) Start(ctx context.Context) error {
	s.listen() // before anything is fetched: a bundle from a file is told of once
	if err := s.run(ctx); err != nil {
		return fmt.Errorf("start OPA's plugins: %w", err)
	}
	s.logs = logs.Lookup(s.manager)
	s.listen() // a configuration that is discovered brings its plugin along
	return nil
}

// run starts the plugins. One of them panics where it finds no directory that it may write to: what fetches from an OCI
// registry.
func (s *Service) run(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v (a service of type oci needs a persistence_directory that can be written to)", p)
		}
	}()
	return s.manager.Start(ctx)
}

func (s *Service) listen() {
	if s.bundles = bundle.Lookup(s.manager); s.bundles != nil {
		s.bundles.RegisterBulkListener(id, s.heard)
	}
}

// Stop ends the fetching, and sends what decision logs there still are.
func (s *Service) Stop(ctx context.Context) { s.manager.Stop(ctx) }

// Changed tells that a bundle came, or failed to: it is time for a policies.Reloader to look.
func (s *Service) Changed() <-chan struct{} { return s.changed }

func (s *Service) heard(states map[string]*bundle.Status) {
	s.mu.Lock()
	s.states = maps.Clone(states)
	s.mu.Unlock()
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// Wait gives nil when every bundle has been fetched once, or is on disk and could not be; else, when ctx is done, why
// not.
func (s *Service) Wait(ctx context.Context) error {
	for {
		missing, _ := s.problems()
		if missing == nil {
			return nil
		}
		select {
		case <-s.changed:
		case <-ctx.Done():
			return errors.Join(missing, ctx.Err())
		}
	}
}

// problems says which bundles are not there, and which could not be renewed.
func (s *Service) problems() (missing, stale error) {
	if s.bundles == nil {
		return nil, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var absent, old []error
	for _, name := range slices.Sorted(maps.Keys(s.bundles.Config().Bundles)) {
		state := s.states[name]
		err := fmt.Errorf("bundle %s has not been fetched yet", name)
		if state != nil && state.Code != "" {
			err = fmt.Errorf("bundle %s: %s", name, describe(state))
		}
		switch {
		case state == nil || state.LastSuccessfulActivation.IsZero():
			absent = append(absent, err)
		case state.Code != "":
			old = append(old, err)
		}
	}
	return errors.Join(absent...), errors.Join(old...)
}

func describe(state *bundle.Status) string {
	lines := []string{state.Message}
	for _, err := range state.Errors {
		lines = append(lines, err.Error())
	}
	return strings.Join(lines, "; ")
}

// Load gives the Rego files of the bundles in force, named "bundle NAME/path". For a bundle that could not be fetched,
// verified or compiled they are those of the last good one, with a *policies.StaleError; that there is none is an
// error.
func (s *Service) Load(ctx context.Context) (map[string]string, error) {
	missing, stale := s.problems()
	if missing != nil {
		return nil, errors.Join(missing, stale)
	}
	out := map[string]string{}
	err := storage.Txn(ctx, s.manager.Store, storage.TransactionParams{}, func(txn storage.Transaction) error {
		names, err := s.manager.Store.ListPolicies(ctx, txn)
		if err != nil {
			return err
		}
		for _, name := range names {
			if s.ours[name] {
				continue
			}
			text, err := s.manager.Store.GetPolicy(ctx, txn, name)
			if err != nil {
				return err
			}
			if !foreign(string(text)) {
				out["bundle "+name] = string(text)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read bundles: %w", err)
	}
	if stale != nil {
		return out, &policies.StaleError{Err: stale}
	}
	return out, nil
}

// foreign is true of a module in package system: that is OPA's own, for masks of decision logs and the like.
func foreign(text string) bool {
	m, err := ast.ParseModuleWithOpts("", text, ast.ParserOptions{RegoVersion: ast.RegoV1})
	if err != nil || len(m.Package.Path) < 2 {
		return false
	}
	return m.Package.Path[1].Equal(ast.StringTerm("system"))
}

// Data gives the documents of the bundles in force.
func (s *Service) Data(ctx context.Context) (map[string]any, error) {
	if missing, _ := s.problems(); missing != nil {
		return nil, missing
	}
	value, err := storage.ReadOne(ctx, s.manager.Store, storage.Path{})
	if err != nil {
		return nil, fmt.Errorf("read bundles: %w", err)
	}
	all, _ := value.(map[string]any)
	out := maps.Clone(all)
	delete(out, "system") // OPA's own notes on bundles
	if tree, ok := out["tlsward"].(map[string]any); ok && len(tree) == 0 {
		delete(out, "tlsward")
	}
	return out, nil
}
