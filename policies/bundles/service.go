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

// Service runs OPA's plugins. It is a policies.DataSource, and writes the decision log.
type Service struct {
	manager *plugins.Manager
	bundles *bundle.Plugin
	logs    *logs.Plugin
	// library has the names of the built-in modules, which are compiled together with the bundles.
	library map[string]bool

	mu       sync.Mutex
	statuses map[string]*bundle.Status
	changed  chan struct{}
}

// id is the id of this instance in OPA's status and decision logs.
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
	s := &Service{manager: manager, library: map[string]bool{}, statuses: map[string]*bundle.Status{}, changed: make(chan struct{}, 1)}
	for name := range library {
		s.library[name] = true
	}
	return s, nil
}

// library returns the built-in modules and test inputs, which bundles are compiled with.
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

// Start starts to fetch bundles, and returns at once. Wait waits for them.
func (s *Service) Start(ctx context.Context) error {
	s.listen() // before the first fetch: the status of a bundle from a file comes once
	if err := s.run(ctx); err != nil {
		return fmt.Errorf("start OPA's plugins: %w", err)
	}
	s.logs = logs.Lookup(s.manager)
	s.listen() // discovery may have created the plugin
	return nil
}

// run starts the plugins. The OCI downloader panics where it has no directory to write to.
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
		s.bundles.RegisterBulkListener(id, s.onStatus)
	}
}

// Stop stops the plugins, and flushes the decision log.
func (s *Service) Stop(ctx context.Context) { s.manager.Stop(ctx) }

// Changed receives when a bundle was activated, or failed to: a policies.Reloader should then Refresh.
func (s *Service) Changed() <-chan struct{} { return s.changed }

func (s *Service) onStatus(states map[string]*bundle.Status) {
	s.mu.Lock()
	s.statuses = maps.Clone(states)
	s.mu.Unlock()
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// Wait waits until every bundle has been activated once, from its server or from disk. When ctx is done before, it
// returns why.
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

// problems returns which bundles were never activated, and which could not be updated.
func (s *Service) problems() (missing, stale error) {
	if s.bundles == nil {
		return nil, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var absent, old []error
	for _, name := range slices.Sorted(maps.Keys(s.bundles.Config().Bundles)) {
		state := s.statuses[name]
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

// Load returns the Rego files of the active bundles, named "bundle NAME/path". If a bundle could not be fetched, verified
// or compiled, they are those of its last activation, with a *policies.StaleError. A bundle that was never activated is
// an error.
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
			if s.library[name] {
				continue
			}
			text, err := s.manager.Store.GetPolicy(ctx, txn, name)
			if err != nil {
				return err
			}
			if !isSystemModule(string(text)) {
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

// isSystemModule reports whether a module is in package system, which OPA itself reads: masks of decision logs, for one.
func isSystemModule(text string) bool {
	m, err := ast.ParseModuleWithOpts("", text, ast.ParserOptions{RegoVersion: ast.RegoV1})
	if err != nil || len(m.Package.Path) < 2 {
		return false
	}
	return m.Package.Path[1].Equal(ast.StringTerm("system"))
}

// Data returns the documents of the active bundles.
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
	delete(out, "system") // where OPA stores the bundles' manifests
	if tree, ok := out["tlsward"].(map[string]any); ok && len(tree) == 0 {
		delete(out, "tlsward")
	}
	return out, nil
}
