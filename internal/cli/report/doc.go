// Package report is the command `tlsward report`: it shows how everything that leaves a mesh leaves, and who is let in, on a
// terminal, as JSON and CSV, and as one page of HTML.
//
// What there is to show is decided in packages audit, mesh and policies, never here.
package report
