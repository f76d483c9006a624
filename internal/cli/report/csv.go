package report

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"

	"github.com/tlsward/tlsward/mesh"
)

// writeCSV writes a line for each client of each connection and for each workload.
func writeCSV(w io.Writer, r report) error {
	out := csv.NewWriter(w)
	rows := [][]string{{"kind", "namespace", "client", "host", "port", "state", "gateway", "decided by", "why", "exempt", "policy"}}
	for _, c := range r.connections {
		remedy, _ := r.remedies.For(c)
		namespaces := c.Namespaces
		if namespaces == nil {
			namespaces = []string{c.Client.Namespace}
			if c.Client.Kind == mesh.ClientWaypoint {
				namespaces = []string{""}
			}
		}
		for _, n := range namespaces {
			rows = append(rows, []string{"connection", n, c.Client.String(), c.Host, strconv.FormatUint(uint64(c.Port), 10), string(c.State), c.Gateway, c.DecidedBy(), why(c), c.Exempt, remedy.Policy})
		}
	}
	for _, l := range r.workloads {
		rows = append(rows, []string{"workload", l.Service.Namespace, "", l.Service.Name, "", string(l.Admits), "", strings.Join(l.DecidedBy, "; "), "", "", ""})
	}
	for _, row := range rows {
		for i := range row {
			row[i] = asText(row[i])
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// asText keeps a spreadsheet from taking a text that a tenant wrote for a formula.
func asText(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
