// Package audit judges a mesh as it stands: what its policies have against each stored object, how what leaves it leaves, and who
// is let in. It is pure: a Snapshot and an Evaluator in, findings and connections out.
//
// What a proxy does is package mesh's, what is wrong is package policies', and how it is shown is the reader's: none of that
// belongs here.
package audit
