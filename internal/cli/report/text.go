package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/audit"
	"github.com/tlsward/tlsward/internal/terminal"
)

// textStyle is how the text is written.
type textStyle struct {
	terminal.Style
	width int
	all   bool // leave nothing out
}

// textRows is how many rows of a table are written where not all are asked for: a screen or two.
const textRows = 40

// writeText writes the report for a person at a terminal.
func writeText(w io.Writer, r report, style textStyle) error {
	var b strings.Builder
	rows := textConnections(style.told(r.connections))
	for _, line := range style.cut(connectionTable(rows, style).lines(style.width), len(rows)) {
		b.WriteString(line + "\n")
	}
	if len(r.workloads) > 0 {
		b.WriteByte('\n')
		for _, line := range style.cut(workloadTable(r.workloads, style).lines(style.width), len(r.workloads)) {
			b.WriteString(line + "\n")
		}
	}
	b.WriteString("\n" + strings.Join(sentences(r.summary(), style), "\n") + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// told returns the connections that are written: without all that is asked for, those by which something leaves.
func (s textStyle) told(list []audit.Connection) []audit.Connection {
	if s.all {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), func(c audit.Connection) bool { return c.State == audit.Closed })
}

// cut returns the head and the first rows of a table, and how many others there are.
func (s textStyle) cut(lines []string, rows int) []string {
	lines[0] = s.Bold(lines[0])
	if s.all || rows <= textRows {
		return lines
	}
	return append(lines[:1+textRows], s.Dim(fmt.Sprintf("... and %d more, none worse (--all, or -o html)", rows-textRows)))
}

// textConnection is connections that differ in their clients alone.
type textConnection struct {
	audit.Connection
	from []string
}

// textConnections puts connections to one port together that are alike but for their clients.
func textConnections(list []audit.Connection) []textConnection {
	type key struct {
		host, gateway, by string
		port              uint32
		state             audit.State
		exempt            string
	}
	index := map[key]int{}
	var rows []textConnection
	for _, c := range list {
		k := key{c.Host, c.Gateway, by(c), c.Port, c.State, c.Exempt}
		if i, known := index[k]; known {
			rows[i].from = append(rows[i].from, from(c, 3))
			continue
		}
		index[k] = len(rows)
		rows = append(rows, textConnection{c, []string{from(c, 3)}})
	}
	return rows
}

func connectionTable(rows []textConnection, style textStyle) table {
	t := table{heads: []string{"STATE", "HOST:PORT", "FROM", "BY", "DECIDED BY"}, floors: []int{17, 24, 10, 8, 12}}
	for _, c := range rows {
		state := sign(c.State) + " " + string(c.State)
		if c.Exempt != "" {
			state += " (exempt)"
		}
		t.rows = append(t.rows, []string{state, fmt.Sprintf("%s:%d", c.Host, c.Port), strings.Join(c.from, ", "), gateway(c.Connection), by(c.Connection)})
	}
	t.paint = func(row, cell int, text string) string {
		if cell != 0 {
			return text
		}
		return paint(rows[row].Connection, style)(text)
	}
	return t
}

func paint(c audit.Connection, style textStyle) func(string) string {
	switch {
	case c.Exempt != "":
		return style.Cyan
	case c.State == audit.Plaintext:
		return style.Red
	case c.State == audit.Checked, c.State == audit.ByApplication:
		return style.Green
	case c.State == audit.Closed:
		return style.Dim
	}
	return style.Yellow
}

func workloadTable(list []audit.Workload, style textStyle) table {
	t := table{heads: []string{"LETS IN", "SERVICE", "MTLS", "DECIDED BY"}, floors: []int{20, 20, 10, 12}}
	for _, w := range list {
		t.rows = append(t.rows, []string{admission(w.Admits), w.Service.Namespace + "/" + w.Service.Name, w.MTLS, strings.Join(w.DecidedBy, ", ")})
	}
	t.paint = func(row, cell int, text string) string {
		switch a := list[row].Admits; {
		case cell != 0:
			return text
		case a.Bad():
			return style.Red(text)
		case a == audit.Named:
			return style.Green(text)
		}
		return style.Yellow(text)
	}
	return t
}

// sentences returns the summary in words.
func sentences(s summary, style textStyle) []string {
	var states []string
	for _, state := range audit.States() {
		if n := s.Connections[state]; n > 0 {
			states = append(states, fmt.Sprintf("%d %s", n, state))
		}
	}
	if s.Exempt > 0 {
		states = append(states, fmt.Sprintf("%d exempt", s.Exempt))
	}
	verdict := fmt.Sprintf("%d of %d external ports have something to mend", s.BadPorts, s.Ports)
	if s.BadPorts == 0 {
		verdict = style.Green(verdict)
	} else {
		verdict = style.Red(verdict)
	}
	lines := []string{fmt.Sprintf("%s; by client: %s.", verdict, orNothing(states))}
	var in []string
	for _, a := range audit.AllAdmits() {
		if n := s.Workloads[a]; n > 0 {
			in = append(in, fmt.Sprintf("%d %s", n, a))
		}
	}
	if len(in) > 0 {
		lines = append(lines, "Services let in: "+strings.Join(in, ", ")+".")
	}
	if s.Overdue > 0 {
		lines = append(lines, fmt.Sprintf("Overdue: %d warnings wait for a partner (tls-pending) for longer than pendingGrace.", s.Overdue))
	}
	if v := s.Verified; v != nil {
		lines = append(lines, fmt.Sprintf("Proxies: %s, at %s (tlsward verify tells which).", v, v.At.Format(time.RFC3339)))
	}
	return append(lines, fmt.Sprintf("Policies: %d denials, %d warnings, %d audit notes on what is stored (tlsward check tells them).",
		s.Findings[string(v1alpha1.Deny)], s.Findings[string(v1alpha1.Warn)], s.Findings[string(v1alpha1.Audit)]))
}

func orNothing(list []string) string {
	if len(list) == 0 {
		return "nothing"
	}
	return strings.Join(list, ", ")
}

// gateway returns the gateway by which a connection leaves, without what all Services' names end in.
func gateway(c audit.Connection) string {
	name, _, _ := strings.Cut(c.Gateway, ".svc.")
	return name
}
