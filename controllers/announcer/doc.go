// Package announcer puts what an audit found on the very objects, as Events of events.k8s.io: once when a violation appears, and again
// after a long while. One replica does so, the leader.
//
// Tenants write objects, and every Event is a write to the API server: there is a bound on the Events of a namespace, and one on those of
// a second. What is left out is counted; reports have all of it. It does not use client-go's recorders: the one of events.k8s.io takes
// another text on the same object for a repetition, and neither says what it dropped.
package announcer
