package serve

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"sync/atomic"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/internal/config"
	"github.com/tlsward/tlsward/internal/istiod"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies"
	"github.com/tlsward/tlsward/webhook"
	"github.com/tlsward/tlsward/webhook/admission"
	"github.com/tlsward/tlsward/webhook/assume"
)

// reloader sets a new evaluator in the webhooks whenever the configuration or the policies change: compiled aside,
// swapped at once. What is broken is logged, counted and shown at /readyz?verbose; the last good one stays.
type reloader struct {
	s        *server
	hooks    *webhook.Webhooks
	cache    *assume.Cache
	policies *policies.Reloader
	sources  *policySources
	notify   *notifier // nil where nobody is told

	istiod     *controlPlane
	others     *otherControlPlanes
	exemptions *exemptions

	mu     sync.Mutex
	config *v1alpha1.Config // in force
}

// swap makes the webhooks decide by what is in force now.
func (r *reloader) swap() {
	r.mu.Lock()
	defer r.mu.Unlock()
	engine := r.policies.Engine()
	r.exemptions.check(engine)
	r.hooks.Use((&admission.Evaluator{Config: r.config, Engine: engine}).WithExemptions(r.exemptions.inForce()))
}

// start puts what is compiled into force, and watches where more may come from; raw is what was read of the
// configuration file.
func (r *reloader) start(raw []byte) error {
	r.swap()
	r.s.metrics.ConfigReloaded(nil)
	r.s.health.Note("policies", func() string { return lastGood(r.policies.ActivationError()) })
	return errors.Join(r.watchConfig(raw), r.watchDirectories(), r.watchBundles(), r.watchConfigMaps(), r.watchControlPlane(), r.watchExemptions())
}

func (r *reloader) watchDirectories() error {
	if len(r.s.Policies)+len(r.s.PolicySelector) == 0 {
		return nil
	}
	return r.s.group.Add(everyReplica(func(ctx context.Context) error {
		r.policies.Run(ctx, 0, r.policiesChanged)
		return nil
	}))
}

func (r *reloader) watchConfig(raw []byte) error {
	if r.s.Config == "" {
		return nil
	}
	var refused atomic.Pointer[error]
	r.s.health.Note("configuration", func() string {
		if err := refused.Load(); err != nil {
			return lastGood(*err)
		}
		return ""
	})
	return r.s.group.Add(everyReplica(func(ctx context.Context) error {
		watcher := config.Watcher{
			Path:  r.s.Config,
			Apply: func(next *v1alpha1.Config) error { return r.configure(ctx, next) },
			Report: func(err error) {
				refused.Store(&err)
				r.configChanged(err)
			},
		}
		watcher.Run(ctx, raw)
		return nil
	}))
}

// lastGood says that something newer was refused, "" for nil.
func lastGood(refused error) string {
	if refused == nil {
		return ""
	}
	return "the last good one is in force; refused: " + refused.Error()
}

// configure puts a configuration into force, or leaves all as it is.
func (r *reloader) configure(ctx context.Context, next *v1alpha1.Config) error {
	if _, err := admission.MeshSettings(next.Mesh, mesh.DefaultSettings()); err != nil {
		return err
	}
	if err := r.policies.Configure(ctx, next); err != nil {
		return err
	}
	if err := r.use(next); err != nil {
		return err
	}
	r.istiod.want(next.Mesh.Revision)
	r.others.want(next.Mesh.Revision)
	r.swap()
	return nil
}

func (r *reloader) use(next *v1alpha1.Config) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.useMesh(next.Mesh, r.istiod.inForce()); err != nil {
		return err
	}
	r.config = next
	return nil
}

// useMesh puts what a configuration says of the mesh into force, laid over what the cluster shows. r.mu is held.
func (r *reloader) useMesh(config v1alpha1.Mesh, found istiod.ControlPlane) error {
	others := r.others.inForce(config.Revision)
	theirs, err := found.Together(others)
	if err != nil {
		return err
	}
	settings, err := admission.MeshSettings(config, theirs)
	if err != nil {
		return err
	}
	settings = r.s.atIstiod(settings)
	settings.Tags = r.others.tagsInForce()
	if !reflect.DeepEqual(r.cache.View().Stored.Settings(), settings) {
		r.cache.Configure(settings)
	}
	contradicted, outside := found.Contradictions(settings), append(found.OutsideModelBeside(others), admission.OutsideModel(config)...)
	moreContradicted, moreOutside := r.istiod.doubt(contradicted, outside)
	if moreContradicted {
		r.s.log.Warn("the configuration goes before the cluster's control plane", "fields", contradicted)
	}
	if moreOutside {
		r.s.log.Warn("something of the control plane is not followed", "fields", outside)
	}
	return nil
}

func (r *reloader) configChanged(err error) {
	r.s.metrics.ConfigReloaded(err)
	if err != nil {
		r.warnPod(configurationRefused, err)
		r.s.log.Error("configuration refused; the last good one stays", "file", r.s.Config, "error", err.Error())
		return
	}
	r.s.log.Info("configuration applied", "file", r.s.Config)
}

func (r *reloader) policiesChanged(err error) {
	r.s.metrics.PoliciesReloaded(err)
	r.swap() // of several sources one may be refused and another not
	if err != nil {
		r.warnPod(policiesRefused, err)
		r.warnConfigMaps(err)
		r.s.log.Error("policies refused; the last good ones stay", "error", err.Error())
		return
	}
	r.s.log.Info("policies applied")
}
