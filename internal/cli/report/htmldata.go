package report

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/tlsward/tlsward/audit"
	"github.com/tlsward/tlsward/mesh"
)

// pageData is what the page's scripts read (page/model.js prepare). Rows are lists, in which texts are numbers into Text.
type pageData struct {
	Made        time.Time   `json:"made"`
	Summary     summary     `json:"summary"`
	States      []pageState `json:"states"`
	Admits      []pageState `json:"admits"`
	Namespaces  []string    `json:"namespaces"`
	Connections [][]int     `json:"connections"`
	Workloads   [][]int     `json:"workloads"`
	Findings    [][]int     `json:"findings"`
	// Lists are lists of namespaces, by their numbers.
	Lists [][]int           `json:"lists"`
	Paths []json.RawMessage `json:"paths"`
	// YAML is the text of an object, by its name.
	YAML map[string]int `json:"yaml"`
	Text []string       `json:"text"`
}

type pageState struct {
	ID      string `json:"id"`
	N       int    `json:"n"` // the worst is 0
	Sign    string `json:"sign"`
	Meaning string `json:"meaning"`
	Bad     bool   `json:"bad"`
}

// The lists of connections that name no namespace.
const (
	listOfRest = -1 // those that no other connection of the port names
	listOfNone = -2 // nobody's that has a namespace: a waypoint for single pods
)

func pageDataOf(r report) pageData {
	b := pageBuilder{
		report: r, text: map[string]int{}, lists: map[string]int{}, paths: map[string]int{}, namespaces: map[string]int{}, findings: map[audit.Finding]int{},
		out: pageData{Made: r.made.UTC(), Summary: r.summary(), Namespaces: append([]string{}, r.namespaces...), Connections: [][]int{}, Workloads: [][]int{}, Findings: [][]int{},
			Lists: [][]int{}, Paths: []json.RawMessage{}, YAML: map[string]int{}},
	}
	for i, s := range audit.States() {
		b.out.States = append(b.out.States, pageState{string(s), i, sign(s), meaning(s), s.Bad()})
	}
	for i, a := range audit.AllAdmits() {
		b.out.Admits = append(b.out.Admits, pageState{string(a), i, admissionSign(a), admission(a), a.Bad()})
	}
	for i, n := range r.namespaces {
		b.namespaces[n] = i
	}
	for i, f := range r.findings {
		b.findings[f] = i
		b.addFinding(f)
	}
	for _, c := range r.connections {
		b.addConnection(c)
	}
	for _, w := range r.workloads {
		b.addWorkload(w)
	}
	b.addObjects()
	return b.out
}

// pageBuilder numbers what a page has.
type pageBuilder struct {
	report                         report
	out                            pageData
	text, lists, paths, namespaces map[string]int
	findings                       map[audit.Finding]int
	named                          []string // decisions, which begin with the names of objects
}

func (b *pageBuilder) textOf(s string) int {
	i, known := b.text[s]
	if !known {
		i = len(b.out.Text)
		b.text[s], b.out.Text = i, append(b.out.Text, s)
	}
	return i
}

func (b *pageBuilder) listOf(c audit.Connection) int {
	switch {
	case c.Namespaces != nil:
	case c.Client.Namespace == mesh.AnyNamespace:
		return listOfRest
	default:
		return listOfNone
	}
	key := strings.Join(c.Namespaces, ",")
	i, known := b.lists[key]
	if !known {
		list := []int{}
		for _, n := range c.Namespaces {
			if n, known := b.namespaces[n]; known {
				list = append(list, n)
			}
		}
		i = len(b.out.Lists)
		b.lists[key], b.out.Lists = i, append(b.out.Lists, list)
	}
	return i
}

// pageHop is a mesh.Hop as the page shows it.
type pageHop struct {
	mesh.Hop
	Verified  bool   `json:"verified"`
	DecidedBy string `json:"decidedBy"`
}

func (b *pageBuilder) pathOf(c audit.Connection) int {
	hops := []pageHop{}
	for _, h := range c.Path.Hops {
		hop := pageHop{h, h.Verified, ""}
		if hop.Names == nil {
			hop.Names = []string{}
		}
		if h.DecidedBy != nil {
			hop.DecidedBy = h.DecidedBy.String()
			b.named = append(b.named, hop.DecidedBy)
		}
		hops = append(hops, hop)
	}
	raw, err := json.Marshal(hops)
	if err != nil {
		raw = []byte("[]") // cannot be: a hop has nothing that JSON has not
	}
	i, known := b.paths[string(raw)]
	if !known {
		i = len(b.out.Paths)
		b.paths[string(raw)], b.out.Paths = i, append(b.out.Paths, raw)
	}
	return i
}

func (b *pageBuilder) addConnection(c audit.Connection) {
	finding := -1
	if f, ok := b.report.remedies.For(c); ok {
		finding = b.findings[f]
	}
	b.out.Connections = append(b.out.Connections, []int{
		b.textOf(c.Host), int(c.Port), stateIndex(c.State), b.textOf(c.Client.String()), b.listOf(c), b.textOf(from(c, 3)), b.textOf(gateway(c)),
		b.textOf(c.DecidedBy()), b.textOf(why(c)), b.textOf(c.Exempt), b.pathOf(c), finding, b.textOf(string(b.report.was(c))),
	})
}

func stateIndex(s audit.State) int {
	for i, other := range audit.States() {
		if other == s {
			return i
		}
	}
	return 0
}

func (b *pageBuilder) addFinding(f audit.Finding) {
	b.named = append(b.named, f.DecidedBy, f.Object.String())
	b.out.Findings = append(b.out.Findings, []int{b.textOf(f.Policy), b.textOf(string(f.Action)), b.textOf(f.Object.String()), b.textOf(f.Client), b.textOf(f.Host),
		int(f.Port), b.textOf(f.Message), b.textOf(f.Fix), b.textOf(f.DecidedBy), b.textOf(f.Exempt), b.textOf(overdueSince(f, b.out.Made))})
}

// overdueSince returns since when a finding is overdue; "" where it is not.
func overdueSince(f audit.Finding, now time.Time) string {
	if !f.Overdue(now) {
		return ""
	}
	return f.Until.UTC().Format("2006-01-02 15:04") + " UTC"
}

func (b *pageBuilder) addWorkload(w audit.Workload) {
	admits := 0
	for i, a := range audit.AllAdmits() {
		if a == w.Admits {
			admits = i
		}
	}
	b.named = append(b.named, w.DecidedBy...)
	b.out.Workloads = append(b.out.Workloads, []int{b.textOf(w.Service.Namespace), b.textOf(w.Service.Name), admits, b.textOf(w.MTLS), b.textOf(strings.Join(w.DecidedBy, "; "))})
}

// addObjects adds the YAML of the objects that anything names.
func (b *pageBuilder) addObjects() {
	named := map[string]bool{}
	for _, decision := range b.named {
		named[objectOf(decision)] = true
	}
	for _, o := range b.report.mesh.Objects {
		if name := o.Ref.String(); named[name] && o.Stored != nil {
			b.out.YAML[name] = b.textOf(readable(o.Stored))
		}
	}
}

// objectOf returns the name of the object with which a decision begins: "Kind namespace/name".
func objectOf(decision string) string {
	parts := strings.SplitN(decision, " ", 3)
	if len(parts) > 2 && parts[1] == "(gateway.networking.k8s.io)" { // mesh.Ref.String
		name, _, _ := strings.Cut(parts[2], " ")
		return parts[0] + " " + parts[1] + " " + name
	}
	return strings.Join(parts[:min(len(parts), 2)], " ")
}

// readable returns an object as YAML, without what the API server keeps there for itself.
func readable(raw []byte) string {
	var o map[string]any
	if err := json.Unmarshal(raw, &o); err != nil {
		return fmt.Sprintf("# cannot be read: %v\n", err)
	}
	if metadata, ok := o["metadata"].(map[string]any); ok {
		for _, field := range []string{"managedFields", "resourceVersion", "uid", "generation", "creationTimestamp", "selfLink"} {
			delete(metadata, field)
		}
		if annotations, ok := metadata["annotations"].(map[string]any); ok {
			delete(annotations, "kubectl.kubernetes.io/last-applied-configuration")
			if len(annotations) == 0 {
				delete(metadata, "annotations")
			}
		}
	}
	delete(o, "status")
	text, err := yaml.Marshal(o)
	if err != nil {
		return fmt.Sprintf("# cannot be written: %v\n", err)
	}
	return string(text)
}
