package host

import (
	"strings"

	"golang.org/x/net/publicsuffix"
)

// Domain returns the domain that somebody registered and to which a name, in lower case, or all names of a wildcard belong.
// Suffixes under which a company has its customers' names (the private section of the Public Suffix List) are domains of that
// company's: it has the certificates. A name that is a public suffix itself is returned as it is.
//
//	name                      Domain
//	api.partner.co.uk         partner.co.uk
//	bucket.s3.amazonaws.com   amazonaws.com
//	*.db.internal             db.internal
func Domain(name string) string {
	name = strings.TrimPrefix(strings.TrimPrefix(name, "*"), ".")
	suffix := registrySuffix(name)
	above, found := strings.CutSuffix(name, "."+suffix)
	if !found {
		return name
	}
	return above[strings.LastIndexByte(above, '.')+1:] + "." + suffix
}

// registrySuffix returns the part of a name under which a registry lets anybody have a domain. Of a top-level domain that is not
// listed it is that.
func registrySuffix(name string) string {
	suffix, registry := publicsuffix.PublicSuffix(name)
	for !registry {
		_, parent, found := strings.Cut(suffix, ".")
		if !found {
			break
		}
		suffix, registry = publicsuffix.PublicSuffix(parent)
	}
	return suffix
}
