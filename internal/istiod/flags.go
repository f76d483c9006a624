package istiod

import (
	_ "embed"
	"slices"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"
)

//go:embed flags.yaml
var flags []byte

// flag is a variable of istiod's environment that moves something.
type flag struct {
	name string
	// taken are the values that the model takes it to have.
	taken []string
	// means is what hangs on it; followed reports whether the model follows other values.
	means    string
	followed bool
}

// movingFlags returns the variables that move what the model says.
func movingFlags() []flag {
	var groups []struct {
		Class, Why string
		Variables  []string
	}
	if err := yaml.Unmarshal(flags, &groups); err != nil {
		return nil // TestFlags would have failed
	}
	var found []flag
	for _, g := range groups {
		if g.Class == "irrelevant" {
			continue
		}
		for _, variable := range g.Variables {
			variable, _, _ = strings.Cut(variable, " in ") // a version
			name, values, _ := strings.Cut(variable, "=")
			found = append(found, flag{name: name, taken: strings.Split(values, "|"), means: g.Why, followed: g.Class == "followed"})
		}
	}
	return found
}

// takes reports whether the model takes the variable to have a value. Istio reads "1" and "TRUE" as true (pkg/env).
func (f flag) takes(value string) bool {
	return slices.ContainsFunc(f.taken, func(taken string) bool {
		a, errA := strconv.ParseBool(taken)
		b, errB := strconv.ParseBool(value)
		return taken == value || errA == nil && errB == nil && a == b
	})
}
