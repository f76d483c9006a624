package istiod

import (
	"slices"
	"testing"
)

func TestMovingFlags(t *testing.T) {
	found := movingFlags()
	if len(found) < 70 {
		t.Fatalf("%d variables", len(found))
	}
	for _, f := range found {
		if f.name == "" || f.means == "" || len(f.taken) == 0 {
			t.Errorf("%+v", f)
		}
	}
	i := slices.IndexFunc(found, func(f flag) bool { return f.name == "PILOT_ENABLE_STRICT_GATEWAY_MERGING" })
	if i < 0 || !slices.Equal(found[i].taken, []string{"true"}) || found[i].followed {
		t.Errorf("of one version alone: %d", i)
	}
}

func TestFlagTakes(t *testing.T) {
	either, yes, name := flag{taken: []string{"false", "true"}}, flag{taken: []string{"true"}}, flag{taken: []string{"istio"}}
	for _, c := range []struct {
		flag  flag
		value string
		want  bool
	}{
		{yes, "true", true}, {yes, "1", true}, {yes, "TRUE", true}, {yes, "false", false}, {yes, "perhaps", false},
		{either, "false", true}, {either, "t", true},
		{name, "istio", true}, {name, "other", false}, {name, "", false},
	} {
		if have := c.flag.takes(c.value); have != c.want {
			t.Errorf("%q takes %q: %t", c.flag.taken, c.value, have)
		}
	}
}
