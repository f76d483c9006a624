// Package fixes turns the fix that a policy proposes into objects that a person can apply as they are. A policy
// knows the facts of a flow, not the whole object that it wants changed: it names the object and the fields, and the
// object is completed here. The package is pure, and decides nothing.
package fixes
