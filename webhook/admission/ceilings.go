package admission

import (
	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
)

// ceilings returns the ceilings that namespaces have by their labels and that count for a change: in the object's namespace and in those of
// the clients that the review has to answer for. What is in the root namespace is for all namespaces, and has none; nor has an EnvoyFilter for
// proxies that others share.
func (c *change) ceilings(egress []mesh.Flow) map[string]v1alpha1.Action {
	var ceilings map[string]v1alpha1.Action
	add := func(namespace string) {
		if namespace == c.before.Settings().RootNamespace {
			return
		}
		ceiling := c.ceilingIn(namespace)
		if ceiling == v1alpha1.Deny {
			return
		}
		if ceilings == nil {
			ceilings = map[string]v1alpha1.Action{}
		}
		ceilings[namespace] = ceiling
	}
	if c.patchesSharedProxies() {
		return nil
	}
	add(c.ref.InNamespace())
	for i := range egress {
		add(egress[i].Client.Namespace)
	}
	return ceilings
}

// patchesSharedProxies reports whether the change is of an EnvoyFilter by which gateways or waypoints, which anybody may call, send something
// else.
func (c *change) patchesSharedProxies() bool {
	if c.ref.Kind != mesh.KindEnvoyFilter || c.ceilingIn(c.ref.Namespace) == v1alpha1.Deny {
		return false
	}
	before, after := c.before.Get(c.ref), c.after.Get(c.ref)
	return before != nil && c.before.PatchesSharedProxies(before) || after != nil && c.after.PatchesSharedProxies(after)
}

// ceilingIn returns the ceiling in a namespace: before the change and after it, where that relabels the namespace.
func (c *change) ceilingIn(namespace string) v1alpha1.Action {
	ceiling := ceilingOf(c.before, namespace)
	if c.object != nil && c.object.Kind == mesh.KindNamespace && c.object.Name == namespace && ceiling != ceilingOf(c.after, namespace) {
		return v1alpha1.Deny
	}
	return ceiling
}

// ceilingOf returns what a namespace's label says; deny where there is none, or another word.
func ceilingOf(snap *mesh.Snapshot, namespace string) v1alpha1.Action {
	o := snap.Get(mesh.Ref{Kind: mesh.KindNamespace, Name: namespace})
	if o == nil {
		return v1alpha1.Deny
	}
	switch label := v1alpha1.Action(o.Labels[v1alpha1.EnforcementLabel]); label {
	case v1alpha1.Audit, v1alpha1.Warn:
		return label
	}
	return v1alpha1.Deny
}
