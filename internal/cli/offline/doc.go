// Package offline makes one mesh of the objects in files, as the webhooks would have it if all of them were applied.
//
// It reads no cluster, and decides nothing: packages webhook and policies do.
package offline
