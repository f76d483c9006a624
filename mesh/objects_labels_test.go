package mesh

import "testing"

func TestSelectorMatches(t *testing.T) {
	type labels = map[string]string
	for _, c := range []struct {
		name             string
		selector, labels labels
		want             bool
	}{
		{"the same labels", labels{"app": "curl"}, labels{"app": "curl"}, true},
		{"pods may carry more", labels{"app": "curl"}, labels{"app": "curl", "version": "v1"}, true},
		{"every label of the selector counts", labels{"app": "curl", "version": "v1"}, labels{"app": "curl"}, false},
		{"another value", labels{"app": "curl"}, labels{"app": "wget"}, false},
		{"an empty value is no absent label", labels{"app": ""}, nil, false},
		{"an empty value", labels{"app": ""}, labels{"app": ""}, true},
		{"an empty selector selects all", nil, labels{"app": "curl"}, true},
	} {
		equal(t, c.name, selectorMatches(c.selector, c.labels), c.want)
	}
}

func TestLabelsKey(t *testing.T) {
	type labels = map[string]string
	for _, c := range []struct {
		name string
		a, b labels
		same bool
	}{
		{"no labels", nil, labels{}, true},
		{"the same labels", labels{"a": "1", "b": "2"}, labels{"b": "2", "a": "1"}, true},
		{"another value", labels{"a": "1"}, labels{"a": "2"}, false},
		{"another key", labels{"a": "1"}, labels{"b": "1"}, false},
		{"one more", labels{"a": "1"}, labels{"a": "1", "b": "2"}, false},
		{"an empty value", labels{"a": ""}, nil, false},
	} {
		equal(t, c.name, labelsKey(c.a) == labelsKey(c.b), c.same)
	}
}
