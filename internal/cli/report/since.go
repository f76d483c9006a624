package report

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/tlsward/tlsward/audit"
	"github.com/tlsward/tlsward/mesh"
)

// earlier is what was shown before, by namespace, pods and target; nil for nothing.
type earlier map[earlierKey]audit.State

// earlierKey names pods and a target. In Namespace "*" are those that nothing singles out.
type earlierKey struct {
	namespace, labels, host string
	port                    uint32
}

// readEarlier reads what -o json wrote.
func readEarlier(path string) (earlier, error) {
	if path == "" {
		return nil, nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the earlier report: %w", err)
	}
	var before jsonReport
	if err := json.Unmarshal(raw, &before); err != nil {
		return nil, fmt.Errorf("%s: read the earlier report (tlsward report -o json): %w", path, err)
	}
	e := earlier{}
	for _, c := range before.Connections {
		for _, n := range orRest(c.Namespaces, c.Client) {
			e[earlierKey{n, labelsIn(c.Client), c.Host, c.Port}] = c.State
		}
	}
	return e, nil
}

// was returns the state in which an earlier report had a connection, "" where that is its state still, or there is no such report.
// A connection that was not there before was closed.
func (r report) was(c audit.Connection) audit.State {
	if r.earlier == nil {
		return ""
	}
	for _, n := range orRest(c.Namespaces, c.Client.String()) {
		if before := r.earlier.state(n, labelsIn(c.Client.String()), c.Host, c.Port); before != c.State {
			return before
		}
	}
	return ""
}

// state returns what an earlier report said of pods: those that it does not name are of all others.
func (e earlier) state(namespace, labels, host string, port uint32) audit.State {
	for _, key := range []earlierKey{{namespace, labels, host, port}, {namespace, "", host, port}, {mesh.AnyNamespace, "", host, port}} {
		if state, known := e[key]; known {
			return state
		}
	}
	return audit.Closed
}

// orRest returns the namespaces of a connection, "*" for all others.
func orRest(namespaces []string, client string) []string {
	if len(namespaces) > 0 {
		return namespaces
	}
	if strings.HasPrefix(client, string(mesh.ClientWaypoint)) {
		return []string{client}
	}
	return []string{mesh.AnyNamespace}
}

// labelsIn returns the labels in a client's name.
func labelsIn(client string) string {
	var labels []string
	for _, part := range strings.Fields(client) {
		if strings.Contains(part, "=") {
			labels = append(labels, part)
		}
	}
	return strings.Join(labels, " ")
}
