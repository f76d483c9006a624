// Package serve is the composition root of `tlsward serve`: it builds the server of its parts, by the flags, and runs
// it. What the parts do lives in their own packages.
package serve
