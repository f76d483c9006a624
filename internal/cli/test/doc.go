// Package test is the command `tlsward test`: it finds, reads and runs Suites (what the cluster holds, what is admitted,
// and what must come of it) and Rego unit tests. Cases are decided by admission.Evaluator, as the server decides.
//
// How a decision is made does not belong here, nor which policies there are.
package test
