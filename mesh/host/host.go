// Package host compares the host names of Istio's objects: exact ones and wildcards, as pkg/config/host/name.go of
// istio.io/istio does. What must not live here: which object a host belongs to, and how short names are completed.
package host

import (
	"slices"
	"strings"
)

// IsWildcard reports whether a host is a wildcard: "*", "*.example.com" or "*-api.example.com" (Name.IsWildCarded).
func IsWildcard(name string) bool { return strings.HasPrefix(name, "*") }

// Covers reports whether pattern stands for all that name stands for. Case counts.
//
//	pattern         name               Covers
//	a.example.com   a.example.com      true: an exact host covers itself alone
//	*.example.com   a.example.com      true
//	*.example.com   a.b.example.com    true: a wildcard covers all that ends as it does
//	*.example.com   example.com        false
//	*.example.com   *.b.example.com    true
//	*.b.example.com *.example.com      false: the name is the wider one
//
// It is Istio's Name.SubsetOf with the arguments the other way round.
func Covers(pattern, name string) bool {
	if !IsWildcard(pattern) {
		return pattern == name
	}
	return strings.HasSuffix(strings.TrimPrefix(name, "*"), pattern[1:])
}

// Matches reports whether two hosts have a name in common: whether one covers the other, whichever is the wider one
// (Name.Matches).
func Matches(a, b string) bool { return Covers(a, b) || Covers(b, a) }

// AnyCovers reports whether one of patterns covers name. Here case does not count, as in the SNI of TLS (RFC 6066,
// section 3).
func AnyCovers(patterns []string, name string) bool {
	lower := strings.ToLower(name)
	return slices.ContainsFunc(patterns, func(p string) bool { return Covers(strings.ToLower(p), lower) })
}

// Reversed returns the bytes of a host the other way round: sorted by that, the hosts of one domain lie side by side.
func Reversed(name string) string {
	b := []byte(name)
	slices.Reverse(b)
	return string(b)
}
