package check

import (
	"fmt"
	"io"
	"strings"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/internal/manifests"
)

// writeGitHub writes the findings, and what could not be read, as workflow commands of GitHub Actions, which shows them at their
// lines of a pull request.
func writeGitHub(w io.Writer, r report) error {
	var b strings.Builder
	for _, u := range r.unread {
		fmt.Fprintf(&b, "::error %stitle=tlsward could not read this::%s\n", githubPlace(u.file, u.line), escapeData(u.text))
	}
	for _, f := range Together(r.findings) {
		at := githubPlace(f.Object.File, f.Line())
		text := f.Message
		if f.Fix != "" {
			text += "\nfix:\n" + f.Fix
		}
		fmt.Fprintf(&b, "::%s %stitle=%s::%s\n", githubLevel(f.Action), at, escapeProperty("tlsward "+f.Policy+" "+f.Object.Ref.String()), escapeData(text))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func githubPlace(file string, line int) string {
	if line == 0 || file == manifests.Stdin {
		return ""
	}
	return fmt.Sprintf("file=%s,line=%d,", escapeProperty(file), line)
}

func githubLevel(action v1alpha1.Action) string {
	switch action {
	case v1alpha1.Deny:
		return "error"
	case v1alpha1.Warn:
		return "warning"
	}
	return "notice"
}

// escapeData and escapeProperty escape as @actions/core does (packages/core/src/command.ts).
func escapeData(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func escapeProperty(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(s)
}
