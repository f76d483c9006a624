// Package check is the command `tlsward check`: it judges a mesh of files as the webhooks would, object by object, and
// reports what they would say, as text, JSON or SARIF.
//
// What is wrong is decided in packages webhook and policies, never here.
package check
