// Package policies judges a review in Rego: it finds the policies (built in, or of the user's own), compiles them
// against the schemas of what they read, evaluates those that the object's kind concerns, and applies the actions and
// exemptions of the Config.
//
// What a policy decides is in policies/rego, one folder a policy, and nowhere in Go. What a proxy would do with the
// traffic is in package mesh, and comes in as facts. No Kubernetes client, and nothing of HTTP admission, belongs here.
package policies
