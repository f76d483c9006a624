// Package fix is the command `tlsward fix`: it prints or writes manifests as the mutating webhook would leave them or, with
// --denials, with the fixes made that denials print, in the very text that a person wrote.
//
// What is filled in is decided by package mutators, how text is edited by package yamledit, and the fixes are made by package
// mend. The YAML that mends a violation is written by package policies/fixes.
package fix
