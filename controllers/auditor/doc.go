// Package auditor keeps an audit of the mesh that the webhooks judge by, in their process: up to date as the mesh changes, whole at an
// interval, and shown in metrics. Every replica does so for itself, from what it knows already: it asks the API server for
// nothing, but once, when it starts, since when objects wait for a partner.
//
// What is found, and what that means, is package audit's.
package auditor
