// Package bundles has OPA fetch policies and write decision logs: its own plugins (bundles over HTTP, from OCI
// registries or files, with signatures; decision logs to the console or a service, with masking), by its own
// configuration. What is fetched is a Source of package policies like any other: it is compiled aside there, held
// against the schemas and its own tests, and refused whole where it is broken. Nothing here judges a review.
package bundles
