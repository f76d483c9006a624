// Package exemptions writes the status of Exemptions: whether each is in force, what it lets pass of what is stored, and since when
// nothing needs it.
//
// It lets nothing pass itself: what is in force is put together where the server loads its configuration.
package exemptions
