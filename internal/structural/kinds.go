package structural

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// UnknownKind is a kind, in a group of Istio or the Gateway API, that none of their CRDs defines.
type UnknownKind struct {
	APIVersion, Kind string
	// Nearest is the API version and kind that was probably meant, as in "networking.istio.io/v1 ServiceEntry"; "" for none.
	Nearest string
}

// String returns what is wrong, in a few words.
func (u UnknownKind) String() string {
	return fmt.Sprintf("%s has no kind %s%s", u.APIVersion, u.Kind, didYouMean(u.Nearest))
}

// kinds has the versions of each kind of a group.
type kinds map[string]map[string][]string

var ofGroups = sync.OnceValues(func() (kinds, error) {
	raw, err := generated.ReadFile("kinds.json")
	if err != nil {
		return nil, err
	}
	var all kinds
	if err := json.Unmarshal(raw, &all); err != nil {
		return nil, fmt.Errorf("read the kinds of CRDs: %w", err)
	}
	return all, nil
})

// FindKind returns what is wrong with the kind of an object: nil for one that a CRD of Istio or the Gateway API defines, and for one
// of a group that is none of theirs and none misspelt. Gateway APIs before the one that is known had some kinds in other versions.
func FindKind(apiVersion, kind string) (*UnknownKind, error) {
	all, err := ofGroups()
	if err != nil {
		return nil, err
	}
	group, version, _ := strings.Cut(apiVersion, "/")
	switch versions := all[group][kind]; {
	case all[group] == nil:
		return all.inMisspeltGroup(group, version, kind), nil
	case strings.Contains(group, ".x-k8s.") || slices.Contains(versions, version):
		return nil, nil
	case group == "gateway.networking.k8s.io" && (kind == "BackendLBPolicy" || kind == "ReferencePolicy"): // which it had
		return nil, nil
	case versions != nil && strings.HasPrefix(group, "gateway.") && all.hasVersion(group, version):
		return nil, nil
	}
	return &UnknownKind{apiVersion, kind, all.nearest(group, version, kind)}, nil
}

func (k kinds) hasVersion(group, version string) bool {
	for _, versions := range k[group] {
		if slices.Contains(versions, version) {
			return true
		}
	}
	return false
}

// inMisspeltGroup returns a kind whose group is nearly one that has such a kind, nil for any other.
func (k kinds) inMisspeltGroup(group, version, kind string) *UnknownKind {
	meant := nearest(group, slices.Collect(maps.Keys(k)))
	if meant == "" || nearest(kind, slices.Collect(maps.Keys(k[meant]))) == "" {
		return nil
	}
	return &UnknownKind{group + "/" + version, kind, k.nearest(meant, version, kind)}
}

// nearest returns the API version and kind that is nearest to those of a group: of that group or, by its very name, of another.
func (k kinds) nearest(group, version, kind string) string {
	meant := kind
	if k[group][kind] == nil {
		for _, other := range slices.Sorted(maps.Keys(k)) {
			if k[other][kind] != nil {
				group = other
			}
		}
	}
	if k[group][kind] == nil {
		meant = nearest(kind, slices.Collect(maps.Keys(k[group])))
	}
	versions := k[group][meant]
	if len(versions) == 0 {
		return ""
	}
	if !slices.Contains(versions, version) {
		version = versions[0] // v1, where there is one
	}
	return fmt.Sprintf("%s/%s %s", group, version, meant)
}
