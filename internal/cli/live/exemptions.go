package live

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/dynamic"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/internal/manifests"
)

// Exemptions returns the Exemptions of a cluster, none where it does not have the kind, and a note where the user may not list them.
func Exemptions(ctx context.Context, client dynamic.Interface) ([]manifests.Document, []string, error) {
	docs, err := readAll(ctx, client, v1alpha1.Exemptions())
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil, nil
	case apierrors.IsForbidden(err):
		return nil, []string{"the cluster's user may not list exemptions.tlsward.io: what they let pass is told"}, nil
	case err != nil:
		return nil, nil, fmt.Errorf("read %s: %w", v1alpha1.Exemptions().Resource, err)
	}
	return docs, nil, nil
}
