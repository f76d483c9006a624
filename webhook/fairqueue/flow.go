package fairqueue

import "strings"

// Flow is whose requests wait in one line: a user's, in a namespace.
type Flow struct{ Namespace, User string }

// serviceAccountPrefix begins the user name of every service account; its namespace and name follow
// (k8s.io/apiserver/pkg/authentication/serviceaccount).
const serviceAccountPrefix = "system:serviceaccount:"

// FlowOf returns the flow of a user's requests in a namespace, "" for what has none. The service accounts of a namespace
// are one user: whoever may create one may create a thousand, to stand in as many lines.
func FlowOf(namespace, user string) Flow {
	if account, ok := strings.CutPrefix(user, serviceAccountPrefix); ok {
		of, _, _ := strings.Cut(account, ":")
		user = serviceAccountPrefix + of
	}
	return Flow{Namespace: namespace, User: user}
}
