package live

import (
	"context"
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"github.com/tlsward/tlsward/internal/manifests"
	"github.com/tlsward/tlsward/webhook/informer"
)

// Source is where the objects of a cluster are from, as manifests.Document has it.
const Source = "cluster"

// pageSize bounds the objects in one answer of the API server.
const pageSize = 500

// errNotServed says that the API server has no such resource in any version.
var errNotServed = errors.New("not served")

// Objects returns the objects of a cluster that the mesh reads, and notes on the kinds that it does not serve or that the
// user may not list: those are left out. It is an error if nothing is left.
func Objects(ctx context.Context, client dynamic.Interface) ([]manifests.Document, []string, error) {
	var docs []manifests.Document
	var forbidden, absent []string
	kinds := informer.Kinds()
	for _, kind := range kinds {
		found, err := readKind(ctx, client, kind)
		switch {
		case apierrors.IsForbidden(err):
			forbidden = append(forbidden, kind.Resource().String())
		case errors.Is(err, errNotServed):
			absent = append(absent, kind.Resource().String())
		case err != nil:
			return nil, nil, err
		}
		docs = append(docs, found...)
	}
	notes := notesOn(forbidden, absent)
	if len(forbidden)+len(absent) == len(kinds) {
		return nil, nil, errors.New("nothing of the mesh can be read: " + strings.Join(notes, "; "))
	}
	return docs, notes, nil
}

func notesOn(forbidden, absent []string) []string {
	var notes []string
	if len(forbidden) > 0 {
		notes = append(notes, "the cluster's user may not list and the mesh is judged without: "+strings.Join(forbidden, ", "))
	}
	if len(absent) > 0 {
		notes = append(notes, "the cluster does not serve: "+strings.Join(absent, ", "))
	}
	return notes
}

// readKind reads all objects of a kind in the first version that is served.
func readKind(ctx context.Context, client dynamic.Interface, kind informer.Kind) ([]manifests.Document, error) {
	resource := kind.Resource()
	for _, version := range kind.Versions {
		docs, err := readAll(ctx, client, resource.WithVersion(version))
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", resource, err)
		}
		return docs, nil
	}
	return nil, errNotServed
}

// readAll reads all objects of a resource, page by page.
func readAll(ctx context.Context, client dynamic.Interface, resource schema.GroupVersionResource) ([]manifests.Document, error) {
	var docs []manifests.Document
	options := meta.ListOptions{Limit: pageSize}
	for {
		page, err := client.Resource(resource).List(ctx, options)
		if apierrors.IsResourceExpired(err) && options.Continue != "" {
			return nil, errors.New("the cluster changed while it was read; try again")
		}
		if err != nil {
			return nil, err
		}
		for i := range page.Items {
			raw, err := page.Items[i].MarshalJSON()
			if err != nil {
				return nil, err
			}
			d, err := manifests.Object(Source, raw)
			if err != nil {
				return nil, err
			}
			docs = append(docs, d)
		}
		if options.Continue = page.GetContinue(); options.Continue == "" {
			return docs, nil
		}
	}
}
