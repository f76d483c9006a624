package mesh

import (
	"maps"
	"slices"
)

// guardsOf finds the policies of pods that keep out whom a policy kept out, each namespace's read once.
type guardsOf struct {
	snapshot    *Snapshot
	old         authorization
	byNamespace map[string]guards
}

// guards are the policies of a namespace: those that keep out like the policy, whatever others let in; for a DENY policy, ALLOW policies,
// and the selectors of those among them that let such callers in. A policy with targetRefs, which its waypoint alone obeys, is
// none of these.
type guards struct {
	keepOut, allow guardIndex
	letIn          []map[string]string
}

// guardIndex has the selectors of policies by one of their labels, for there may be as many as Services.
type guardIndex struct {
	// forAll reports whether one is for all pods, forSidecars whether one is for all that have no ztunnel.
	forAll, forSidecars bool
	byLabel             map[[2]string][]map[string]string
}

// haveFor reports whether policies keep callers out of all pods of a namespace that have these labels.
func (g guardsOf) haveFor(namespace string, pods map[string]string) bool {
	ambient := g.snapshot.isAmbient(namespace)
	isAllowed, isLetIn := false, false
	for _, in := range g.snapshot.ownAndRoot(namespace) {
		found := g.of(in)
		if found.keepOut.matches(pods, ambient) {
			return true
		}
		isAllowed = isAllowed || found.allow.matches(pods, ambient)
		isLetIn = isLetIn || slices.ContainsFunc(found.letIn, func(selector map[string]string) bool {
			_, may := joinLabels(selector, pods)
			return may
		})
	}
	return isAllowed && !isLetIn
}

func (g guardsOf) of(namespace string) guards {
	found, ok := g.byNamespace[namespace]
	if ok {
		return found
	}
	for _, o := range g.snapshot.objects.Prefix(KindAuthorizationPolicy + "\x00" + namespace + "\x00") {
		a, ok := authorizationOf(o)
		switch {
		case !ok || len(a.targets()) > 0:
		case a.keepsOutLike(g.old):
			found.keepOut.add(a)
		case a.isAllow():
			found.allow.add(a)
			if a.letsIn(g.old) {
				found.letIn = append(found.letIn, a.selector())
			}
		}
	}
	g.byNamespace[namespace] = found
	return found
}

func (i *guardIndex) add(a authorization) {
	selector := a.selector()
	if len(selector) == 0 {
		i.forAll = i.forAll || !a.isUnreadByZtunnel()
		i.forSidecars = true
		return
	}
	if i.byLabel == nil {
		i.byLabel = map[[2]string][]map[string]string{}
	}
	first := slices.Min(slices.Collect(maps.Keys(selector)))
	key := [2]string{first, selector[first]}
	i.byLabel[key] = append(i.byLabel[key], selector)
}

// matches reports whether a selector selects all pods with these labels, which ztunnels are before if ambient.
func (i guardIndex) matches(pods map[string]string, ambient bool) bool {
	if i.forAll || i.forSidecars && !ambient {
		return true
	}
	for key, value := range pods {
		if slices.ContainsFunc(i.byLabel[[2]string{key, value}], func(selector map[string]string) bool { return selectorMatches(selector, pods) }) {
			return true
		}
	}
	return false
}
