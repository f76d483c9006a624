package verify

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/tlsward/tlsward/internal/compare"
	"github.com/tlsward/tlsward/internal/terminal"
	"github.com/tlsward/tlsward/internal/verified"
)

// writeText writes the results for a person: each proxy on a line, below it what differs, and at the end the counts.
func writeText(w io.Writer, results []compare.Result) error {
	var b strings.Builder
	style := terminal.For(w)
	compared, differ, untold, unread, asked := 0, 0, 0, 0, 0
	for _, r := range results {
		if r.Unreached != nil {
			fmt.Fprintf(&b, "%s: %s %s\n", style.Bold(r.Proxy.String()), style.Red("not asked:"), r.Unreached)
			continue
		}
		asked++
		writeProxy(&b, r, style)
		compared, differ = compared+r.Compared, differ+len(r.Differences)
		untold, unread = untold+len(r.Untold), unread+len(r.Unread)
	}
	fmt.Fprintf(&b, "%s of %s compared: %d agree, %d differ", verified.Counted(compared, "connection"), verified.Counted(asked, "proxy"), compared-differ, differ)
	if untold > 0 {
		fmt.Fprintf(&b, "; of %s tlsward cannot tell where it ends", verified.Counted(untold, "connection"))
	}
	if unread > 0 {
		fmt.Fprintf(&b, "; %s of the proxies' configuration could not be read", verified.Counted(unread, "part"))
	}
	if silent := len(results) - asked; silent > 0 {
		fmt.Fprintf(&b, "; %s could not be asked", verified.Counted(silent, "proxy"))
	}
	b.WriteString("\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func writeProxy(b *strings.Builder, r compare.Result, style terminal.Style) {
	p := r.Proxy
	fmt.Fprintf(b, "%s (Istio %s, Envoy %s): %d of %s agree\n", style.Bold(p.String()), cmp.Or(p.IstioVersion, "unknown"),
		cmp.Or(p.EnvoyVersion, "unknown"), r.Agreed(), verified.Counted(r.Compared, "connection"))
	for _, u := range r.Unread {
		fmt.Fprintf(b, "  %s %s: what agrees holds only if this changes nothing\n", style.Red("not read:"), u)
	}
	for _, u := range r.Untold {
		fmt.Fprintf(b, "  %s %s -> %s at %s: %s\n", style.Red("not compared:"), p, u.Connection, u.Connection.At, u.Why)
	}
	for _, d := range r.Differences {
		fmt.Fprintf(b, "  %s %s -> %s at %s\n", style.Red("differs:"), p, d.Connection, d.Connection.At)
		writeList(b, "tlsward says", d.Model)
		writeList(b, "the proxy has", d.Proxy)
		if d.Way != "" {
			fmt.Fprintf(b, "    by:            %s\n", d.Way)
		}
		for i, c := range d.Causes {
			label := "likeliest cause:"
			if i > 0 {
				label = "or:"
			}
			fmt.Fprintf(b, "    %s %s\n", label, c.Message)
		}
	}
}

func writeList(b *strings.Builder, label string, list []string) {
	for i, text := range list {
		if i == 0 {
			fmt.Fprintf(b, "    %-14s %s\n", label+":", text)
		} else {
			fmt.Fprintf(b, "    %-14s %s\n", "and", text)
		}
	}
}
