package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	jsonpatch "gomodules.xyz/jsonpatch/v2"
	admissionv1 "k8s.io/api/admission/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	"github.com/tlsward/tlsward/internal/manifests"
	"github.com/tlsward/tlsward/internal/yamledit"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/policies"
	"github.com/tlsward/tlsward/webhook/assume"
)

// step is one object that was applied, and what the server answered.
type step struct {
	object string // as "Kind namespace/name"
	// before and after are the object's text as it was applied, and as the mutating webhook left it.
	before, after string
	allowed       bool
	warnings      []string
	reason        string // why it was refused
}

// player plays scenarios to a server.
type player struct {
	server *server
	count  int
}

// apply has one object reviewed; admitted, it joins the mesh.
func (p *player) apply(ctx context.Context, d manifests.Document) (step, error) {
	text, _ := d.Text()
	_, body := comment(strings.TrimPrefix(string(text), "\n"))
	result := step{object: d.Head.String(), before: body, after: body}
	request := p.request(d)

	answer, err := p.server.review(ctx, "/mutate", request)
	if err != nil {
		return result, err
	}
	if len(answer.Patch) > 0 {
		var patch []jsonpatch.Operation
		if err := json.Unmarshal(answer.Patch, &patch); err != nil {
			return result, fmt.Errorf("read the patch: %w", err)
		}
		after, err := yamledit.Apply([]byte(body), patch)
		if err != nil {
			return result, err
		}
		result.after = string(after)
		if request.Object.Raw, err = yaml.YAMLToJSON(after); err != nil {
			return result, err
		}
	}
	answer, err = p.server.review(ctx, "/validate", request)
	if err != nil {
		return result, err
	}
	result.allowed, result.warnings = answer.Allowed, answer.Warnings
	if answer.Result != nil {
		result.reason = answer.Result.Message
	}
	if !answer.Allowed {
		return result, nil
	}
	stored, err := mesh.Decode(request.Object.Raw)
	if err != nil || stored == nil {
		return result, err
	}
	p.server.cache.Put(stored, assume.Version{})
	return result, nil
}

// request is the API server's question about a new object.
func (p *player) request(d manifests.Document) *admissionv1.AdmissionRequest {
	p.count++
	group, version, _ := strings.Cut(d.Head.APIVersion, "/")
	return &admissionv1.AdmissionRequest{
		UID:       types.UID(fmt.Sprintf("demo-%d", p.count)),
		Kind:      meta.GroupVersionKind{Group: group, Version: version, Kind: d.Head.Kind},
		Resource:  meta.GroupVersionResource{Group: group, Version: version, Resource: resource(d.Head.Kind)},
		Name:      d.Head.Metadata.Name,
		Namespace: d.Head.Metadata.Namespace,
		Operation: policies.Create,
		Object:    runtime.RawExtension{Raw: d.Raw},
	}
}

// resource returns the resource of a kind, for the kinds that are shown.
func resource(kind string) string {
	name := strings.ToLower(kind)
	if base, ok := strings.CutSuffix(name, "y"); ok && !strings.HasSuffix(base, "a") {
		return base + "ies"
	}
	return name + "s"
}

// forget empties the mesh.
func (p *player) forget() {
	for o := range p.server.cache.View().Stored.Objects() {
		p.server.cache.Delete(o.Ref, assume.Version{})
	}
}

// play applies the scenario's objects and calls show with each.
func (p *player) play(ctx context.Context, s scenario, show func(step) error) error {
	p.forget()
	for _, d := range s.docs {
		result, err := p.apply(ctx, d)
		if err != nil {
			return fmt.Errorf("%s: apply %s: %w", s.title, d.Head, err)
		}
		if err := show(result); err != nil {
			return err
		}
	}
	return nil
}

// writer remembers the first error.
type writer struct {
	io.Writer
	err error
}

func (w *writer) printf(format string, args ...any) {
	if w.err == nil {
		_, w.err = fmt.Fprintf(w.Writer, format, args...)
	}
}
