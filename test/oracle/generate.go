package oracle

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// object is a JSON object in the making.
type object = map[string]any

// list is a JSON list in the making.
type list = []any

// Generator makes random meshes. It is weighted towards what collides: few hosts, few namespaces, many rules.
type Generator struct {
	rand *rand.Rand
	// Coverage counts the constructs that were made.
	Coverage Coverage
	world    world
	taken    map[string]bool
}

// world is what the objects of one mesh have in common.
type world struct {
	namespaces []string
	// exports are the namespaces that exportTo names; the namespaces where it is empty.
	exports []string
	hosts   []string
	ports   []uint32
	// vips are the addresses that ServiceEntries claim; two fixed ones where it is empty.
	vips []string
	// gateways are the Gateways to which routes are bound; one in the root namespace where it is empty.
	gateways []string
	// subsets are those to which routes lead beside v1 and v2.
	subsets []string
}

// NewGenerator returns a generator whose meshes depend on seed and index alone.
func NewGenerator(seed, index uint64) *Generator {
	return &Generator{rand: rand.New(rand.NewPCG(seed, index)), Coverage: Coverage{}, taken: map[string]bool{}}
}

// The namespaces of every mesh. An object-free one stands for all that no object singles out.
const (
	rootNamespace  = "istio-system"
	emptyNamespace = "elsewhere"
)

var hostFamilies = [][]string{
	{"api.example.com", "*.example.com", "deep.api.example.com", "*.api.example.com", "*.com", "example.com"},
	{"www.example.com", "*.example.com", "WWW.example.com", "*.www.example.com", "*", "*example.com"},
	{"db.example.org", "*.org", "*.example.org", "db2.example.org"},
	{"web.apps.svc.cluster.local", "*.apps.svc.cluster.local", "web.default.svc.cluster.local", "*.local"},
}

// Mesh makes one mesh.
func (g *Generator) Mesh() Mesh {
	g.world = g.makeWorld()
	var m Mesh
	add := func(n int, make func() Document) {
		for range n {
			if d := make(); d != nil {
				m = append(m, d)
			}
		}
	}
	add(1+g.rand.IntN(4), g.serviceEntry)
	add(g.rand.IntN(6), g.destinationRule)
	add(g.few(0.4, 2), g.service)
	add(g.few(0.3, 3), g.workloadEntry)
	add(g.few(0.4, 3), g.virtualService)
	add(g.few(0.25, 2), g.sidecar)
	add(g.few(0.3, 2), g.gateway)
	g.rand.Shuffle(len(m), func(i, j int) { m[i], m[j] = m[j], m[i] })
	if i := slices.IndexFunc(m, func(d Document) bool { return d.Kind() == "VirtualService" }); i >= 0 {
		untie(m, i) // where routes lead to a host of two namespaces, Istio picks one of the oldest at random
	}
	add(g.few(0.3, 1), g.meshConfig)
	return m
}

func (g *Generator) makeWorld() world {
	family := hostFamilies[weighted(g, 4, 3, 2, 2)]
	hosts := append([]string{}, family[0])
	for range 1 + g.rand.IntN(3) {
		hosts = append(hosts, pick(g, family...))
	}
	if g.chance(0.2) {
		hosts = append(hosts, pick(g, hostFamilies[g.rand.IntN(len(hostFamilies))]...))
	}
	ports := []uint32{80, 443}
	if g.chance(0.3) {
		ports = append(ports, pick[uint32](g, 8080, 3306, 27017))
	}
	return world{namespaces: []string{"default", "apps", rootNamespace}, hosts: hosts, ports: ports}
}

// chance is true with probability p.
func (g *Generator) chance(p float64) bool { return g.rand.Float64() < p }

// few is 0, or with probability p from 1 to most.
func (g *Generator) few(p float64, most int) int {
	if !g.chance(p) {
		return 0
	}
	return 1 + g.rand.IntN(most)
}

func pick[T any](g *Generator, values ...T) T { return values[g.rand.IntN(len(values))] }

// weighted picks an index with these relative weights.
func weighted(g *Generator, weights ...int) int {
	sum := 0
	for _, w := range weights {
		sum += w
	}
	n := g.rand.IntN(sum)
	for i, w := range weights {
		if n -= w; n < 0 {
			return i
		}
	}
	return len(weights) - 1
}

func (g *Generator) namespace() string { return pick(g, g.world.namespaces...) }
func (g *Generator) host() string      { return pick(g, g.world.hosts...) }
func (g *Generator) port() uint32      { return pick(g, g.world.ports...) }

// document makes an object with a name that no other object of its kind and namespace has.
func (g *Generator) document(apiVersion, kind, namespace string, spec object) Document {
	name := ""
	for i := 0; name == ""; i++ {
		candidate := string(rune('a' + g.rand.IntN(6)))
		if i > 8 {
			candidate = fmt.Sprintf("x%d", i)
		}
		if key := kind + "/" + namespace + "/" + candidate; !g.taken[key] {
			g.taken[key] = true
			name = candidate
		}
	}
	meta := object{"name": name, "namespace": namespace}
	if created := g.created(kind, namespace); created != "" {
		meta["creationTimestamp"] = created
	} else {
		g.cover("no creationTimestamp")
	}
	return Document{"apiVersion": apiVersion, "kind": kind, "metadata": meta, "spec": spec}
}

// created returns a creation time, often equal to another's, or none. Istio lists ServiceEntries of one namespace and
// one second in random order, so those differ.
func (g *Generator) created(kind, namespace string) string {
	for {
		created := ""
		if i := weighted(g, 3, 3, 3, 2); i < 3 {
			created = fmt.Sprintf("2024-01-0%dT00:00:0%dZ", i+1, g.rand.IntN(2))
		}
		key := kind + "/" + namespace + "@" + created
		if kind != "ServiceEntry" || !g.taken[key] {
			g.taken[key] = true
			return created
		}
	}
}

const networkingAPI = "networking.istio.io/v1"

// exportTo returns one of the targets to export, nil for unset.
func (g *Generator) exportTo(kind, own string) list {
	other := g.namespace()
	if len(g.world.exports) > 0 {
		other = pick(g, g.world.exports...)
	}
	switch weighted(g, 8, 3, 4, 2, 2, 2, 1) {
	case 1:
		g.cover(kind + " exportTo *")
		return list{"*"}
	case 2:
		g.cover(kind + " exportTo .")
		return list{"."}
	case 3:
		g.cover(kind + " exportTo own name")
		return list{own}
	case 4:
		g.cover(kind + " exportTo other name")
		return list{other}
	case 5:
		g.cover(kind + " exportTo several")
		return pick(g, list{".", other}, list{own, other}, list{"default", "apps"}, list{"apps", rootNamespace}, list{".", "*"})
	case 6:
		if kind == "ServiceEntry" || kind == "VirtualService" {
			g.cover(kind + " exportTo ~")
			return list{"~"}
		}
	}
	g.cover(kind + " exportTo unset")
	return nil
}

func set(o object, key string, value any) {
	switch v := value.(type) {
	case list:
		if v == nil {
			return
		}
	case object:
		if v == nil {
			return
		}
	}
	o[key] = value
}

// labels returns the labels of a pod or a selector.
func (g *Generator) labels() object {
	return pick(g, object{"app": "curl"}, object{"app": "curl"}, object{"tier": "web"}, object{"app": "curl", "tier": "web"})
}
