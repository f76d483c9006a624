package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/internal/diff"
	"github.com/tlsward/tlsward/internal/terminal"
	"github.com/tlsward/tlsward/webhook/admission"
)

// Run plays all scenarios and writes what comes of them. It takes seconds, writes no file, and leaves no process and
// no open port behind.
func Run(ctx context.Context, w io.Writer, style terminal.Style) (err error) {
	judge, err := admission.NewEvaluator(ctx, v1alpha1.DefaultConfig())
	if err != nil {
		return err
	}
	list, err := scenarios()
	if err != nil {
		return err
	}
	server, err := start(ctx, judge)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	out := &writer{Writer: w}
	out.printf("tlsward serves at https://%s, with a certificate made for this demo.\n", server.address)
	out.printf("Each object below is applied as an API server would: /mutate completes it, /validate decides.\n")
	p := &player{server: server}
	var tally tally
	for i, s := range list {
		out.printf("\n%s\n", style.Bold(fmt.Sprintf("%d. %s", i+1, s.title)))
		for _, line := range s.about {
			out.printf("%s\n", style.Dim("   "+line))
		}
		err := p.play(ctx, s, func(result step) error {
			tally.add(result)
			result.write(out, style)
			return out.err
		})
		if err != nil {
			return err
		}
	}
	out.printf("\n%d scenarios, %d objects applied: %d admitted, %d of them completed by the mutating webhook, %d refused.\n",
		len(list), tally.applied, tally.applied-tally.refused, tally.completed, tally.refused)
	return out.err
}

type tally struct{ applied, refused, completed int }

func (t *tally) add(s step) {
	t.applied++
	if !s.allowed {
		t.refused++
	} else if s.before != s.after {
		t.completed++
	}
}

func (s step) write(out *writer, style terminal.Style) {
	out.printf("\n   %s\n", style.Bold("apply "+s.object))
	for line := range strings.Lines(diff.Whole(s.before, s.after, style)) {
		out.printf("   %s", line)
	}
	if s.allowed {
		verdict := style.Green("ADMITTED")
		if s.before != s.after {
			verdict += ", with what is marked + above"
		}
		out.printf("   => %s\n", verdict)
	} else {
		out.printf("   => %s\n", style.Red("REFUSED"))
		for line := range strings.Lines(strings.TrimRight(s.reason, "\n") + "\n") {
			out.printf("      %s", line)
		}
	}
	for _, warning := range s.warnings {
		out.printf("      %s %s\n", style.Yellow("Warning:"), warning)
	}
}
