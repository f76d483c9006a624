// Package offline makes one mesh of the objects in files, as the webhooks would have it if all of them were applied: to
// nothing, or to a live cluster, which package live reads.
//
// It decides nothing: packages webhook and policies do.
package offline
