// Package verify is the command `tlsward verify`: it holds the mesh against the configuration that real proxies have, and tells
// where tlsward is right about them and where it is not.
//
// The comparison is package compare's; here proxies are found, once or again and again, and what was found is put into words, metrics and
// Events.
package verify
