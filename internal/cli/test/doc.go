// Package test reads and runs Suites: what the cluster holds, what is being admitted, and what must come of it. Cases
// are decided by admission.Evaluator, just as the server decides.
//
// How a decision is made does not belong here, nor which policies there are.
package test
