// Package cli holds what all commands of the program share: their streams, the values of --output, the error of a
// command that found something, and the note that work goes on.
//
// What a single command does lives in the package of its name below; flags are declared in cmd/tlsward.
package cli
