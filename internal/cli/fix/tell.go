package fix

import (
	"fmt"
	"strings"

	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/internal/cli/check"
	"github.com/tlsward/tlsward/internal/cli/mend"
)

// madeNote says what the fix of a finding changed.
func madeNote(f check.Finding, c mend.Change) string {
	return fmt.Sprintf("%s: %s %s: fixed in %s", f.Where(), f.Policy, f.Object.Ref, strings.Join(c.Objects, " and "))
}

// tellLeft tells what is still denied and why, and returns cli.ErrIssuesFound if something is.
func tellLeft(end mend.Outcome[*state], streams cli.Streams) error {
	reasons := map[string]string{}
	for _, f := range end.State.denied {
		reasons[place(f)] = end.Left[idOf(f)].Error()
	}
	left := check.Together(end.State.denied)
	for _, f := range left {
		streams.Note("%s: still denied: %s %s: %s Left to you: %s", f.Where(), f.Policy, f.Object.Ref, f.Message, reasons[place(f)])
	}
	if n := end.State.incomplete; n > 0 {
		streams.Note("%s judged as the mutating webhook completes it, and not written so: without the webhook, run tlsward fix --in-place too", number(n, "object", "objects"))
	}
	streams.Note("%s made, %s left to you", number(len(end.Made), "fix", "fixes"), number(len(left), "denial", "denials"))
	if len(left) > 0 {
		return cli.ErrIssuesFound
	}
	return nil
}

// place is what the findings that are told together have in common.
func place(f check.Finding) string {
	return fmt.Sprint(f.Policy, " ", f.Object.Ref, " ", f.DecidedBy, " ", f.Port)
}

func number(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
