package mesh

import (
	"fmt"
	"slices"

	meshconfig "istio.io/api/mesh/v1alpha1"
)

// LabelSelector selects objects by their labels, as Kubernetes' LabelSelector does: all requirements hold. An empty one
// selects all.
type LabelSelector struct {
	MatchLabels map[string]string
	Expressions []LabelRequirement
}

// LabelRequirement is one of matchExpressions.
type LabelRequirement struct {
	Key      string
	Operator string // In, NotIn, Exists or DoesNotExist
	Values   []string
}

// labelSelector reads a selector of MeshConfig. An unknown operator, or values where there may be none, is an error, for which
// istiod drops all discoverySelectors (pkg/kube/namespace/filter.go selectorsChanged).
func labelSelector(from *meshconfig.LabelSelector) (LabelSelector, error) {
	selector := LabelSelector{MatchLabels: from.GetMatchLabels()}
	for _, e := range from.GetMatchExpressions() {
		r := LabelRequirement{Key: e.GetKey(), Operator: e.GetOperator(), Values: e.GetValues()}
		if err := r.validate(); err != nil {
			return selector, err
		}
		selector.Expressions = append(selector.Expressions, r)
	}
	return selector, nil
}

// selects reports whether labels meet all requirements.
func (l LabelSelector) selects(labels map[string]string) bool {
	for k, v := range l.MatchLabels {
		if have, ok := labels[k]; !ok || have != v {
			return false
		}
	}
	return !slices.ContainsFunc(l.Expressions, func(e LabelRequirement) bool { return !e.holds(labels) })
}

// validate returns an error for an unknown operator, or values where there may be none.
func (e LabelRequirement) validate() error {
	wantsValues := e.Operator == "In" || e.Operator == "NotIn"
	switch {
	case !wantsValues && e.Operator != "Exists" && e.Operator != "DoesNotExist":
		return fmt.Errorf("operator %q is not In, NotIn, Exists or DoesNotExist", e.Operator)
	case wantsValues != (len(e.Values) > 0):
		return fmt.Errorf("operator %s with %d values", e.Operator, len(e.Values))
	}
	return nil
}

func (e LabelRequirement) holds(labels map[string]string) bool {
	value, ok := labels[e.Key]
	switch e.Operator {
	case "In":
		return ok && slices.Contains(e.Values, value)
	case "NotIn":
		return !ok || !slices.Contains(e.Values, value)
	case "Exists":
		return ok
	}
	return !ok
}
