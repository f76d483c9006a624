package check

import (
	"fmt"
	"io"
	"strings"

	"github.com/tlsward/tlsward/config"
	"github.com/tlsward/tlsward/terminal"
)

// WriteText writes the findings for a person, and how many there are of how many objects.
func WriteText(w io.Writer, findings []Finding, objects int, style terminal.Style) error {
	var b strings.Builder
	for i := 0; i < len(findings); {
		alike := i + 1
		for alike < len(findings) && sameButClient(findings[i], findings[alike]) {
			alike++
		}
		writeFinding(&b, findings[i:alike], style)
		i = alike
	}
	b.WriteString(summary(findings, objects, style) + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// sameButClient says whether two findings tell the same of two clients.
func sameButClient(a, b Finding) bool {
	b.Client, b.Message = a.Client, a.Message
	return a == b
}

// writeFinding writes findings that differ in the client alone.
func writeFinding(b *strings.Builder, alike []Finding, style terminal.Style) {
	f := alike[0]
	fmt.Fprintf(b, "%s: %s %s: %s\n", style.Bold(fmt.Sprintf("%s:%d", f.Object.File, f.Line())),
		paint(f.Action, style)(string(f.Action)+" "+f.Policy), f.Object.Ref, f.Message)
	for _, f := range alike {
		if where := flow(f); where != "" {
			fmt.Fprintf(b, "  flow: %s\n", where)
		}
	}
	if f.DecidedBy != "" {
		fmt.Fprintf(b, "  decided by: %s\n", f.DecidedBy)
	}
	if f.Exempt != "" {
		fmt.Fprintf(b, "  exempt: %s\n", f.Exempt)
	}
	if f.Fix != "" {
		b.WriteString("  fix:\n")
		for line := range strings.Lines(strings.TrimRight(f.Fix, "\n")) {
			b.WriteString(style.Dim("    "+strings.TrimRight(line, "\n")) + "\n")
		}
	}
	b.WriteByte('\n')
}

// flow names whose traffic to where a finding is about, as far as it is about any.
func flow(f Finding) string {
	where := f.Host
	if where != "" && f.Port != 0 {
		where = fmt.Sprintf("%s:%d", f.Host, f.Port)
	}
	switch {
	case f.Client == "":
		return where
	case where == "":
		return f.Client
	}
	return f.Client + " -> " + where
}

func paint(action config.Action, style terminal.Style) func(string) string {
	switch action {
	case config.Deny:
		return style.Red
	case config.Warn:
		return style.Yellow
	}
	return style.Cyan
}

func summary(findings []Finding, objects int, style terminal.Style) string {
	denied, warned, audited := count(findings, config.Deny), count(findings, config.Warn), count(findings, config.Audit)
	text := fmt.Sprintf("%s checked: %s, %s", number(objects, "object"), number(denied, "denial"), number(warned, "warning"))
	if audited > 0 {
		text += ", " + number(audited, "audit note")
	}
	switch {
	case denied > 0:
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
