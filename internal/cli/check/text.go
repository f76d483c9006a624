package check

import (
	"fmt"
	"io"
	"strings"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/internal/cli/offline"
	"github.com/tlsward/tlsward/internal/terminal"
	"github.com/tlsward/tlsward/policies"
	"github.com/tlsward/tlsward/webhook/admission"
)

// writeText writes the findings for a person, and a summary of them and of the number of objects. Findings that differ
// in the client alone are written once, and count once; those that differ in the object alone are written once.
func writeText(w io.Writer, r report, style terminal.Style) error {
	findings := Together(r.findings)
	var b strings.Builder
	told := map[string]string{}
	for _, group := range alike(findings) {
		f := group[0]
		writeFinding(&b, group, told[f.Fix], style)
		if told[f.Fix] == "" {
			told[f.Fix] = fmt.Sprintf("%s of %s", f.Policy, f.Object.Ref)
		}
	}
	b.WriteString(r.summary(findings, style) + "\n")
	if n := offline.Completed(r.objects); n > 0 {
		fmt.Fprintf(&b, "%s judged as the mutating webhook completes it, not as written (tlsward fix --diff)\n", number(n, "object"))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Together joins the findings of one object that differ in the client alone, as the webhook's messages do.
func Together(findings []Finding) []Finding {
	var out []Finding
	for len(findings) > 0 {
		object := findings[0].Object
		var violations []policies.Violation
		decided := map[string]Finding{}
		for len(findings) > 0 && findings[0].Object == object {
			decided[findings[0].DecidedBy] = findings[0]
			violations, findings = append(violations, findings[0].Violation), findings[1:]
		}
		for _, v := range admission.MergeClients(violations) {
			f := decided[v.DecidedBy]
			f.Violation = v
			out = append(out, f)
		}
	}
	return out
}

// alike puts findings together that say the same of several objects, in the order of the first of each.
func alike(findings []Finding) [][]Finding {
	index := map[policies.Violation]int{}
	var groups [][]Finding
	for _, f := range findings {
		i, known := index[f.Violation]
		if !known {
			i = len(groups)
			index[f.Violation] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], f)
	}
	return groups
}

// writeFinding writes findings that are alike. Their fix is that of an earlier one where sameAs names that.
func writeFinding(b *strings.Builder, group []Finding, sameAs string, style terminal.Style) {
	f := group[0]
	fmt.Fprintf(b, "%s: %s %s: %s\n", style.Bold(f.Where()),
		paint(f.Action, style)(string(f.Action)+" "+f.Policy), f.Object.Ref, f.Message)
	for _, other := range group[1:] {
		fmt.Fprintf(b, "  the same: %s %s\n", style.Bold(other.Where()), other.Object.Ref)
	}
	if f.DecidedBy != "" {
		fmt.Fprintf(b, "  decided by: %s%s\n", f.DecidedBy, style.Dim(f.elsewhere()))
	}
	if patches := f.patches(); len(patches) > 0 {
		fmt.Fprintf(b, "  patched by: %s\n", strings.Join(patches, ", "))
	}
	if f.Exempt != "" {
		fmt.Fprintf(b, "  exempt: %s\n", strings.TrimPrefix(f.Exempt, "exempted "))
	}
	switch lines := strings.Count(strings.TrimRight(f.Fix, "\n"), "\n"); {
	case f.Fix == "":
	case sameAs != "" && lines > 0:
		fmt.Fprintf(b, "  fix: as above, by %s\n", sameAs)
	default:
		b.WriteString("  fix:\n")
		for line := range strings.Lines(strings.TrimRight(f.Fix, "\n")) {
			b.WriteString(style.Dim("    "+strings.TrimRight(line, "\n")) + "\n")
		}
	}
	b.WriteByte('\n')
}

// elsewhere returns the place of what decided, " (FILE:LINE)", where it is another than that of the finding.
func (f Finding) elsewhere() string {
	file, line := f.DecidedAt()
	place := fmt.Sprintf("%s:%d", file, line)
	if file == "" || place == f.Where() {
		return ""
	}
	return " (" + place + ")"
}

// patches returns the files with patches for the object that decided, else for the one that was judged: what decided may stand there.
func (f Finding) patches() []string {
	if f.Decider != nil {
		return f.Decider.PatchedBy
	}
	return f.Object.PatchedBy
}

func paint(action v1alpha1.Action, style terminal.Style) func(string) string {
	switch action {
	case v1alpha1.Deny:
		return style.Red
	case v1alpha1.Warn:
		return style.Yellow
	}
	return style.Cyan
}

// summary says how much was judged, and what came of it: findings are those of r, together.
func (r report) summary(findings []Finding, style terminal.Style) string {
	denied, warned, audited := count(findings, v1alpha1.Deny), count(findings, v1alpha1.Warn), count(findings, v1alpha1.Audit)
	checked := number(len(r.objects), "object") + " checked"
	if n := r.lost; n > 0 {
		checked += fmt.Sprintf(", %d could not be read", n)
	}
	text := fmt.Sprintf("%s: %s, %s", checked, number(denied, "denial"), number(warned, "warning"))
	if audited > 0 {
		text += ", " + number(audited, "audit note")
	}
	if r.known > 0 {
		text += fmt.Sprintf(" (%d known by the baseline)", r.known)
	}
	switch {
	case denied+len(r.unread) > 0:
		return style.Red(text)
	case warned > 0:
		return style.Yellow(text)
	}
	return style.Green(text)
}

func number(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
