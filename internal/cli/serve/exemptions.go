package serve

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/audit"
	"github.com/tlsward/tlsward/certs/kube"
	"github.com/tlsward/tlsward/controllers/auditor"
	statuses "github.com/tlsward/tlsward/controllers/exemptions"
	"github.com/tlsward/tlsward/controllers/follow"
	"github.com/tlsward/tlsward/policies"
	"github.com/tlsward/tlsward/webhook/admission"
	"github.com/tlsward/tlsward/webhook/informer"
)

// exemptions are the Exemptions of the cluster, as they were last seen.
type exemptions struct {
	mu      sync.Mutex
	awaited bool // whether they are watched
	known   bool
	stored  []*unstructured.Unstructured
	unread  error // why they cannot be read
	// obeyed is what those say that can be obeyed, refused why the others cannot.
	obeyed  []v1alpha1.ExemptionSpec
	refused []string
}

// see takes all of them.
func (x *exemptions) see(stored []*unstructured.Unstructured) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.stored, x.unread = stored, nil
}

// settle says that those that were seen are in force.
func (x *exemptions) settle() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.known = true
}

// fail takes why they cannot be read, and reports whether that is news. What was seen stays.
func (x *exemptions) fail(err error) (news bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	news = x.unread == nil || x.unread.Error() != err.Error()
	x.unread = err
	return news
}

// all returns them.
func (x *exemptions) all() []*unstructured.Unstructured {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.stored
}

// check sets which of them can be obeyed beside these policies, and reports whether that says something else than before.
func (x *exemptions) check(engine *policies.Engine) (changed bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	before := x.obeyed
	x.obeyed, x.refused = nil, nil
	for _, object := range x.stored {
		spec, err := admission.ReadStoredExemption(engine, object)
		if err != nil {
			x.refused = append(x.refused, object.GetName()+" is not obeyed: "+err.Error())
			continue
		}
		x.obeyed = append(x.obeyed, spec)
	}
	return !reflect.DeepEqual(before, x.obeyed)
}

// inForce returns what those say that can be obeyed.
func (x *exemptions) inForce() []v1alpha1.ExemptionSpec {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.obeyed
}

// ready returns why they are not known yet: what they let pass would be refused. Without their CRD there are none; without the right
// to read them it is done without, which is told.
func (x *exemptions) ready() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.awaited || x.known || apierrors.IsNotFound(x.unread) || apierrors.IsForbidden(x.unread) {
		return nil
	}
	return errors.Join(errors.New("waiting for Exemptions"), x.unread)
}

// told returns what a person should know of them.
func (x *exemptions) told() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	notes := x.refused
	if x.unread != nil && !apierrors.IsNotFound(x.unread) {
		notes = append(notes[:len(notes):len(notes)], "cannot be read: "+x.unread.Error())
	}
	return strings.Join(notes, "; ")
}

// watchExemptions puts the Exemptions of the cluster into force, beside those of the configuration.
func (r *reloader) watchExemptions() error {
	if !r.exemptions.awaited {
		return nil
	}
	r.s.health.Note("exemptions", r.exemptions.told)
	client, err := dynamic.NewForConfigAndClient(r.s.manager.GetConfig(), r.s.manager.GetHTTPClient())
	if err != nil {
		return fmt.Errorf("connect to the API server: %w", err)
	}
	return r.s.group.Add(everyReplica(informer.Dynamic{
		Client: client, Resource: v1alpha1.Exemptions(),
		Changed: func(stored []*unstructured.Unstructured) {
			r.exemptions.see(stored)
			if r.exemptions.check(r.policies.Engine()) {
				r.s.log.Info("exemptions applied", "stored", len(stored), "obeyed", len(r.exemptions.inForce()))
				r.swap()
			}
			r.exemptions.settle()
		},
		Failed: func(err error) {
			if r.exemptions.fail(err) {
				r.s.log.Warn("cannot read Exemptions", "error", err.Error())
			}
		},
	}.Watch))
}

// exemptionStatus keeps the status of Exemptions, while this replica leads.
func (s *server) exemptionStatus(source follow.Source, a *auditor.Auditor, x *exemptions, e *kube.Election) error {
	if !s.Exemptions {
		return nil
	}
	write, err := statuses.NewWriter(s.rest)
	if err != nil {
		return err
	}
	latest := func() *audit.Found { return nil }
	if a != nil {
		latest = a.Latest
	}
	keeper := statuses.New(statuses.Options{Stored: x.all, Evaluator: source.Evaluator, Latest: latest, IsLeader: e.IsLeader, Write: write, Log: s.log})
	s.registry.MustRegister(keeper)
	return s.group.Add(keeper)
}
