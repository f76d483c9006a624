// Package companions keeps a DestinationRule for each host that a ServiceEntry declares and that no rule covers, so that a lone
// entry is encrypted (docs/adr/0019-companions.md). Which rules these are, and when one has to go, mutators decide; here they are
// written, by the leader alone. No review waits for it.
package companions
