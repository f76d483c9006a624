// Package reporter keeps what an audit found as reports in the cluster, for whoever reads those of the ecosystem (Policy Reporter, say):
// one report a namespace and kind, of openreports.io, or of wgpolicyk8s.io where only that is installed, or none where neither is.
//
// One replica does so, the leader. A report is written where it has become another one, and deleted where nothing is left to say: a
// cluster in which nothing changes is not written to.
package reporter
