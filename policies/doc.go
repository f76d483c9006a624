// Package policies evaluates Rego policies for a review: it loads the built-in ones and those of users, compiles them
// against the schemas of input and data.params, evaluates those for the kind of the object, and applies the actions and
// exemptions of the Config.
//
// What a policy decides is written in policies/rego, one folder a policy, and not in Go. What a proxy does with the
// traffic is package mesh's to say, and is input here. Kubernetes clients and HTTP must not be imported here.
package policies
