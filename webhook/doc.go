// Package webhook is Kubernetes admission over HTTPS: it decodes a review, has it judged, and answers. Judge holds
// the decision itself, free of HTTP, so that the command line decides exactly as the server does.
//
// What a proxy would do is in package mesh, what is filled in is in package mutators, what is wrong is in package
// policies: none of that belongs here.
package webhook
