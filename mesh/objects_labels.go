package mesh

import (
	"maps"
	"slices"
	"strings"
)

// injectionLabel has the pods of a namespace get sidecars: "enabled" or "disabled". So does a revision in its place
// (istio.io/istio pkg/kube/inject/webhook.go, manifests/charts/istio-control webhook selectors).
const injectionLabel = "istio-injection"

// labelsKey returns a string that is equal for equal labels, "" for none.
func labelsKey(labels map[string]string) string {
	if len(labels) == 0 {
		return ""
	}
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		b.WriteString(k + "\x00" + labels[k] + "\x00")
	}
	return b.String()
}

// selectorMatches reports whether labels has all that selector asks for. An empty selector matches everything.
func selectorMatches(selector, labels map[string]string) bool {
	for k, v := range selector {
		if have, ok := labels[k]; !ok || have != v {
			return false
		}
	}
	return true
}

// joinLabels returns the labels of a pod that has both; ok is false where no pod can.
func joinLabels(a, b map[string]string) (both map[string]string, ok bool) {
	for k, v := range b {
		if have, known := a[k]; known && have != v {
			return nil, false
		}
	}
	both = make(map[string]string, len(a)+len(b))
	maps.Copy(both, a)
	maps.Copy(both, b)
	return both, true
}

// labelsText returns labels as a person writes them: "app=web,team=shop".
func labelsText(labels map[string]string) string {
	var list []string
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		list = append(list, k+"="+labels[k])
	}
	return strings.Join(list, ",")
}
