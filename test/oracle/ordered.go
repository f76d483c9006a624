package oracle

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"time"
)

// leastObjects and mostObjects bound a set that is written in every order.
const leastObjects, mostObjects = 2, 6

// OrderedSet is a correct configuration whose parts may be written in any order: test/e2e does so on a real API server.
type OrderedSet struct {
	// Name is that of the set's file, About says of what it is made.
	Name, About string
	Given       Mesh
	Objects     Mesh
}

// readOrderedSet reads a set from its file.
func readOrderedSet(text string) (Landing, error) {
	all, err := ParseMesh(text)
	var set Landing
	for _, d := range all {
		if d["apiVersion"] == "v1" {
			set.Given = append(set.Given, d)
		} else {
			set.Objects = append(set.Objects, d)
		}
	}
	return set, err
}

// YAML returns the set as its file has it: what is there before, and what is written.
func (s OrderedSet) YAML() string {
	return "# " + s.About + "\n" + slices.Concat(s.Given, s.Objects).YAML()
}

// orderedSets makes sets of each pattern by itself, and of several hosts together.
func orderedSets(seed uint64, l *Lander) ([]OrderedSet, error) {
	var sets []OrderedSet
	for _, pattern := range slices.Sorted(maps.Keys(landingPatterns())) {
		some, err := distinctSets(2, seed, slug(pattern), func(g *Generator) Landing { return g.Landing(pattern) }, l.incorrect)
		if err != nil {
			return nil, err
		}
		sets = append(sets, some...)
	}
	several, err := distinctSets(12, seed, "several", func(g *Generator) Landing {
		for {
			clear(g.Coverage)
			if set := g.Landing(); len(g.Coverage) > 1 {
				return set
			}
		}
	}, l.incorrect)
	return append(sets, several...), err
}

// orderedAmbientSets makes sets for clients whose way out is a waypoint.
func orderedAmbientSets(seed uint64) ([]OrderedSet, error) {
	return distinctSets(8, seed, "waypoint", (*Generator).AmbientLanding, incorrectAmbient)
}

// incorrectAmbient says which connections of ambient clients are not under checked TLS.
func incorrectAmbient(given, objects Mesh) (string, error) {
	return ambientWrong(slices.Concat(given, objects))
}

// mostTries bounds the search for sets of one kind: some have few that differ.
const mostTries = 300

// distinctSets makes sets that are correct whatever the ages of their objects, and differ in what they are made of.
func distinctSets(want int, seed uint64, name string, make func(*Generator) Landing, incorrect func(given, objects Mesh) (string, error)) ([]OrderedSet, error) {
	var sets []OrderedSet
	known := map[string]bool{}
	for i := uint64(0); len(sets) < want && i < mostTries; i++ {
		g := NewGenerator(seed, i)
		set := make(g)
		set.Given = storable(set.Given)
		about := strings.Join(append(slices.Sorted(maps.Keys(g.Coverage)), shapeOf(set.Objects)...), ", ")
		if len(set.Objects) < leastObjects || len(set.Objects) > mostObjects || known[about] {
			continue
		}
		wrong, err := incorrectAtAnyAge(set, incorrect)
		if err != nil {
			return nil, fmt.Errorf("%s, set %d: %w", name, i, err)
		}
		if wrong == "" {
			known[about] = true
			sets = append(sets, OrderedSet{Name: fmt.Sprintf("%s-%d", name, len(sets)+1), About: about, Given: set.Given, Objects: set.Objects})
		}
	}
	return sets, nil
}

// storable gives Services an address that the API servers of the tests have.
func storable(m Mesh) Mesh {
	m = slices.Clone(m)
	for i, d := range m {
		if d.Kind() == "Service" {
			m[i] = d.Clone()
			m[i].Spec()["clusterIP"] = "10.0.0.9"
		}
	}
	return m
}

var modes = regexp.MustCompile(`(?m)^ *(?:- )?mode: (\w+)$`)

// shapeOf says of each object its kind and modes of TLS.
func shapeOf(m Mesh) []string {
	var shapes []string
	for _, d := range m {
		shape := d.Kind()
		for _, mode := range modes.FindAllStringSubmatch(Mesh{d}.YAML(), -1) {
			shape += " " + mode[1]
		}
		shapes = append(shapes, shape)
	}
	slices.Sort(shapes)
	return shapes
}

// incorrectAtAnyAge says in what a set is not correct by Istio's account when its objects were made as written, the other way
// round, or otherwise.
func incorrectAtAnyAge(set Landing, incorrect func(given, objects Mesh) (string, error)) (string, error) {
	for _, objects := range agesOf(set.Objects) {
		if wrong, err := incorrect(set.Given, objects); wrong != "" || err != nil {
			return wrong, err
		}
	}
	return "", nil
}

// agesOf returns a mesh with its objects of several orders of age.
func agesOf(m Mesh) []Mesh {
	random := rand.New(rand.NewPCG(1, uint64(len(m))))
	var all []Mesh
	for n := range 4 {
		order := random.Perm(len(m))
		for i := range order {
			switch n {
			case 0:
				order[i] = i
			case 1:
				order[i] = len(m) - i
			}
		}
		aged := make(Mesh, len(m))
		for i, d := range m {
			aged[i] = d.Clone()
			created := time.Date(2024, 1, 1, 0, 0, order[i], 0, time.UTC)
			aged[i].metadata()["creationTimestamp"] = created.Format(time.RFC3339)
		}
		all = append(all, aged)
	}
	return all
}

func slug(name string) string { return strings.ReplaceAll(strings.ToLower(name), " ", "-") }
