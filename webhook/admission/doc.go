// Package admission is the one path from a review to a decision, which the server, the command line and Suites share: a
// review is decoded, the mesh before and after it is compared, and the policies judge the difference. It knows nothing
// of HTTP, of metrics and of a Kubernetes client.
//
// What a proxy would do is in package mesh, what is filled in is in package mutators, what is wrong is in package
// policies: none of that belongs here.
package admission
