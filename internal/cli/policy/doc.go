// Package policy is the command `tlsward policy`: it writes the beginning of a new policy, prints the reference of the
// policies, and measures what they cost.
//
// What policies are, and how they are evaluated, is package policies.
package policy
