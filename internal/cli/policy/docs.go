package policy

import (
	"context"
	"io"

	"github.com/tlsward/tlsward/internal/cli/offline"
	"github.com/tlsward/tlsward/policies"
)

// Docs writes the reference of the source's policies, in Markdown.
func Docs(ctx context.Context, s offline.Source, w io.Writer) error {
	evaluator, err := s.Evaluator(ctx)
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, policies.Docs(evaluator.Engine.Policies()))
	return err
}
