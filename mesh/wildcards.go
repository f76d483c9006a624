package mesh

// wildcards counts wildcard hosts by what follows their "*", to find those that cover a host without trying more
// than its suffixes.
type wildcards struct{ suffixes tree[int] }

// count keeps how often a wildcard is there; exact hosts are not counted.
func (w wildcards) count(host string, by int) wildcards {
	if !isWildcard(host) {
		return w
	}
	suffix := host[1:]
	if n := w.suffixes.at(suffix) + by; n > 0 {
		return wildcards{w.suffixes.set(suffix, n)}
	}
	return wildcards{w.suffixes.remove(suffix)}
}

// over lists host itself, then the wildcards that cover it, from the longest to the shortest
// (pilot/pkg/model/config.go MostSpecificHostMatch).
func (w wildcards) over(host string) []string {
	list := []string{host}
	if w.suffixes.len == 0 {
		return list
	}
	suffix := host
	if isWildcard(host) {
		suffix = host[1:]
	}
	for i := 0; i <= len(suffix); i++ {
		if _, known := w.suffixes.get(suffix[i:]); known && !(i == 0 && isWildcard(host)) {
			list = append(list, "*"+suffix[i:])
		}
	}
	return list
}
