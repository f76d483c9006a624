// Package follow has what the controllers share that write to the cluster what follows from the mesh: a queue in which namespaces take turns,
// which the leader works off; it tries again what failed, and gives way to who undoes it. What is to be done they know themselves.
package follow
