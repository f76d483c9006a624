package envoy

// chooseByMatcher finds the filter chain by the listener's matcher tree.
func (w *walk) chooseByMatcher(b branch, l *listener) {
	w.lost(b, Unknown{Kind: "listener", Name: l.GetName(), Detail: "chooses filter chains by a matcher tree"})
}
