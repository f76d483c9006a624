package mesh

import (
	"iter"

	"github.com/tlsward/tlsward/mesh/host"
	"github.com/tlsward/tlsward/mesh/treap"
)

// wildcardIndex counts wildcard hosts by what follows their "*". To find those that cover a host, the suffixes of the
// host are looked up, however many wildcards there are.
type wildcardIndex struct{ suffixes treap.Map[int] }

// add returns the index with a wildcard counted so many times more or, where by is negative, less. Exact hosts are
// not counted.
func (w wildcardIndex) add(hostname string, by int) wildcardIndex {
	if !host.IsWildcard(hostname) {
		return w
	}
	suffix := hostname[1:]
	if n := w.suffixes.At(suffix) + by; n > 0 {
		return wildcardIndex{w.suffixes.Set(suffix, n)}
	}
	return wildcardIndex{w.suffixes.Remove(suffix)}
}

// covering returns the host itself, then the wildcards of the index that cover it, from the longest to the shortest
// (pilot/pkg/model/config.go MostSpecificHostMatch).
func (w wildcardIndex) covering(hostname string) []string {
	list := []string{hostname}
	for suffix := range w.over(hostname) {
		list = append(list, "*"+suffix)
	}
	return list
}

// over returns an iterator over what follows the "*" of the wildcards that covering returns.
func (w wildcardIndex) over(hostname string) iter.Seq[string] {
	return func(yield func(string) bool) {
		if w.suffixes.Len() == 0 {
			return
		}
		suffix := hostname
		if host.IsWildcard(hostname) {
			suffix = hostname[1:]
		}
		for i := 0; i <= len(suffix); i++ {
			if _, known := w.suffixes.Get(suffix[i:]); known && !(i == 0 && host.IsWildcard(hostname)) && !yield(suffix[i:]) {
				return
			}
		}
	}
}
