// Package follow has what the controllers share that write to the cluster what follows from the mesh: one goroutine of the leader works off
// what a change concerns, tries again what failed, and gives way to who undoes it. What is to be done they know themselves.
package follow
