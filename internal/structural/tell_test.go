package structural

import (
	"fmt"
	"slices"
	"testing"

	"sigs.k8s.io/yaml"
)

// tellCase is an object (YAML), and what is told of it.
type tellCase struct {
	name, object string
	want         []string
}

// told fails where find tells something else of an object.
func told[F fmt.Stringer](t *testing.T, tests []tellCase, find func(apiVersion, kind string, raw []byte) ([]F, error)) {
	t.Helper()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			raw, err := yaml.YAMLToJSON([]byte(test.object))
			if err != nil {
				t.Fatal(err)
			}
			var head struct{ APIVersion, Kind string }
			if err := yaml.Unmarshal(raw, &head); err != nil {
				t.Fatal(err)
			}
			found, err := find(head.APIVersion, head.Kind, raw)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range found {
				got = append(got, f.String())
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got\n%q, want\n%q", got, test.want)
			}
		})
	}
}
