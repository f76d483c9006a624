package replay

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/tlsward/tlsward/internal/terminal"
)

// WriteText writes a table of the namespaces, and below it each object that is decided differently.
func WriteText(w io.Writer, list []Namespace, style terminal.Style) error {
	var b strings.Builder
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAMESPACE\tNEWLY DENIED\tNO LONGER DENIED\tUNCHANGED")
	newly, noLonger, unchanged := 0, 0, 0
	for _, n := range list {
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\n", orNone(n.Name), len(n.NewlyDenied), len(n.NoLongerDenied), n.Unchanged)
		newly, noLonger, unchanged = newly+len(n.NewlyDenied), noLonger+len(n.NoLongerDenied), unchanged+n.Unchanged
	}
	fmt.Fprintf(table, "total\t%d\t%d\t%d\n", newly, noLonger, unchanged)
	if err := table.Flush(); err != nil {
		return err
	}
	for _, n := range list {
		for _, o := range n.NewlyDenied {
			fmt.Fprintf(&b, "\n%s %s (%s): %s\n  %s\n", style.Red("newly denied:"), o.Object, o.Where, strings.Join(o.Policies, ", "), o.Message)
		}
		for _, o := range n.NoLongerDenied {
			fmt.Fprintf(&b, "\n%s %s (%s): %s\n", style.Green("no longer denied:"), o.Object, o.Where, strings.Join(o.Policies, ", "))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func orNone(namespace string) string {
	if namespace == "" {
		return "(none)"
	}
	return namespace
}
