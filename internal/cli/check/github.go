package check

import (
	"fmt"
	"io"
	"strings"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/internal/manifests"
)

// writeGitHub writes the findings as workflow commands of GitHub Actions, which shows them at their lines of a pull request.
func writeGitHub(w io.Writer, findings []Finding) error {
	var b strings.Builder
	for _, f := range together(findings) {
		var at string
		if line := f.Line(); line > 0 && f.Object.File != manifests.Stdin {
			at = fmt.Sprintf("file=%s,line=%d,", escapeProperty(f.Object.File), line)
		}
		text := f.Message
		if f.Fix != "" {
			text += "\nfix:\n" + f.Fix
		}
		fmt.Fprintf(&b, "::%s %stitle=%s::%s\n", githubLevel(f.Action), at, escapeProperty("tlsward "+f.Policy+" "+f.Object.Ref.String()), escapeData(text))
	}
	_, err := io.WriteString(w, b.String())
	return err
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
