package mesh

import "cmp"

// leftGuards are the policies of a mesh after a review, and the one that kept callers without an identity out before it: they keep these out
// in its place where
//  1. one keeps out like it, or
//  2. for a DENY policy, ALLOW policies of which none lets such callers in: each lets in whom it names, whatever the others do not.
type leftGuards struct {
	*Snapshot
	old authorization
	// pods has the Services' pods that old selects, targeted the policies with targetRefs, by namespaces as they are asked for.
	pods     map[string]podIndex
	targeted map[string]targetedGuards
}

// guardsLeft is what policies of one place do with callers whom one kept out before: keep them out like it, ask for a policy that lets them in,
// let them in.
type guardsLeft struct {
	denies, allows bool
	letIn          *Ref
}

func (l *leftGuards) effectOf(a authorization) guardsLeft {
	left := guardsLeft{denies: a.keepsOutLike(l.old), allows: a.isAllow()}
	if !l.old.isAllow() && a.letsIn(l.old) { // beside an ALLOW policy the rules of another one let nobody in whom they did not before
		left.letIn = &a.policy.Ref
	}
	return left
}

func (g guardsLeft) and(other guardsLeft) guardsLeft {
	return guardsLeft{g.denies || other.denies, g.allows || other.allows, cmp.Or(g.letIn, other.letIn)}
}

func (g guardsLeft) keepOut() bool { return g.denies || g.allows && g.letIn == nil }

// cover reports whether the policies cover what the policy was for by its selector, and the one that lets callers in where they do not.
func (l *leftGuards) cover() (covered bool, letIn *Ref) {
	var all guardsLeft
	for _, namespace := range l.ownAndRoot(l.old.policy.Namespace) {
		for _, o := range l.objects.Prefix(KindAuthorizationPolicy + "\x00" + namespace + "\x00") {
			if a, ok := authorizationOf(o); ok && l.isForAllOf(a, l.old, nil) {
				all = all.and(l.effectOf(a))
			}
		}
	}
	if all.denies {
		return true, nil
	}
	all.letIn = cmp.Or(all.letIn, l.lettingIn())
	return all.keepOut(), all.letIn
}

// lettingIn returns an ALLOW policy that lets callers without an identity in to some of the pods that a DENY policy kept them out of; nil where
// there is none.
func (l *leftGuards) lettingIn() *Ref {
	if l.old.isAllow() {
		return nil
	}
	prefixes := []string{KindAuthorizationPolicy + "\x00"} // of the root namespace it is for the pods of all
	if root := l.settings.RootNamespace; l.old.policy.Namespace != root {
		prefixes = []string{prefixes[0] + l.old.policy.Namespace + "\x00", prefixes[0] + root + "\x00"}
	}
	for _, prefix := range prefixes {
		for _, o := range l.objects.Prefix(prefix) {
			if a, ok := authorizationOf(o); ok && a.letsIn(l.old) && l.sharesPods(a) {
				return &o.Ref
			}
		}
	}
	return nil
}

// sharesPods reports whether some of the pods that both policies are for are the same: one selects what the other asks for, or a Service leads
// to pods that both select.
func (l *leftGuards) sharesPods(a authorization) bool {
	if len(a.targets()) > 0 {
		return false
	}
	if selectorMatches(a.selector(), l.old.selector()) || selectorMatches(l.old.selector(), a.selector()) {
		return true
	}
	namespace := a.policy.Namespace
	index, known := l.pods[namespace]
	if !known {
		if l.pods == nil {
			l.pods = map[string]podIndex{}
		}
		index = podIndex{}
		for _, o := range l.objects.Prefix(KindService + "\x00" + namespace + "\x00") {
			if pods := o.Spec.(*Service).Selector; len(pods) > 0 && l.selectsPods(l.old, namespace, pods) {
				index.add(pods)
			}
		}
		l.pods[namespace] = index
	}
	return index.hasAny(a.selector())
}

// podIndex has labels of pods by each of them, for there may be as many Services as policies.
type podIndex map[[2]string][]map[string]string

func (i podIndex) add(pods map[string]string) {
	for key, value := range pods {
		i[[2]string{key, value}] = append(i[[2]string{key, value}], pods)
	}
}

// hasAny reports whether a selector, which has labels, selects some of the pods: it asks those with the rarest of them.
func (i podIndex) hasAny(selector map[string]string) bool {
	var rarest []map[string]string
	first := true
	for key, value := range selector {
		if list := i[[2]string{key, value}]; first || len(list) < len(rarest) {
			rarest, first = list, false
		}
	}
	for _, pods := range rarest {
		if selectorMatches(selector, pods) {
			return true
		}
	}
	return false
}
