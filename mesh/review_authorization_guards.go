package mesh

import (
	"maps"
	"slices"
)

// guardsOf finds the policies of pods that keep out whom a policy kept out, each namespace's read once.
type guardsOf struct {
	snapshot    *Snapshot
	old         authorization
	byNamespace map[string]guardIndex
}

// guardIndex has the selectors of a namespace's policies by one of their labels, for there may be as many as Services. A policy with
// targetRefs, which its waypoint alone obeys, is none of these.
type guardIndex struct {
	// forAll reports whether one is for all pods, forSidecars whether one is for all that have no ztunnel.
	forAll, forSidecars bool
	byLabel             map[[2]string][]map[string]string
}

// haveFor reports whether one policy is for all pods of a namespace that have these labels.
func (g guardsOf) haveFor(namespace string, pods map[string]string) bool {
	ambient := g.snapshot.isAmbient(namespace)
	return g.of(namespace).matches(pods, ambient) || g.of(g.snapshot.settings.RootNamespace).matches(pods, ambient)
}

func (g guardsOf) of(namespace string) guardIndex {
	index, ok := g.byNamespace[namespace]
	if ok {
		return index
	}
	index.byLabel = map[[2]string][]map[string]string{}
	for _, o := range g.snapshot.objects.Prefix(KindAuthorizationPolicy + "\x00" + namespace + "\x00") {
		if a, ok := authorizationOf(o); ok && len(a.targets()) == 0 && a.keepsOutLike(g.old) {
			index.add(a)
		}
	}
	g.byNamespace[namespace] = index
	return index
}

func (i *guardIndex) add(a authorization) {
	selector := a.selector()
	if len(selector) == 0 {
		i.forAll = i.forAll || !a.isUnreadByZtunnel()
		i.forSidecars = true
		return
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
