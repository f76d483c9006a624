// Package replay is the command `tlsward replay`: it says which objects of a cluster, or of files, new policies would
// decide differently, before they are in force.
//
// The decisions are those of package check; here two of them are compared.
package replay
