// Package fix is the command `tlsward fix`: it prints or writes manifests as the mutating webhook would leave them, in
// the very text that a person wrote.
//
// What is filled in is decided by package mutators, how text is edited by package yamledit. The YAML that mends a
// violation is something else: that is package policies/fixes.
package fix
