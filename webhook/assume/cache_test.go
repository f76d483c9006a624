package assume

import (
	"testing"
	"time"

	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/webhook/internal/fixture"
)

func newCache(t testing.TB, texts ...string) *Cache {
	t.Helper()
	return NewCache(mesh.DefaultSettings(), fixture.Objects(t, texts...)...)
}

func TestWritesAreAssumedUntilAnEventShowsThem(t *testing.T) {
	rule := fixture.Object(t, fixture.GoodRule)
	for name, tc := range map[string]struct {
		base  Version
		event func(*Cache)
		seen  bool
	}{
		"the new object arrives":           {Version{UID: "u"}, func(c *Cache) { c.Put(rule, Version{"u", "7"}) }, true},
		"an older object of the name":      {Version{UID: "u"}, func(c *Cache) { c.Put(rule, Version{"before", "5"}) }, false},
		"an older object's end":            {Version{UID: "u"}, func(c *Cache) { c.Delete(fixture.RuleRef, Version{"before", "5"}) }, false},
		"the update arrives":               {Version{"u", "7"}, func(c *Cache) { c.Put(rule, Version{"u", "8"}) }, true},
		"the state before the update":      {Version{"u", "7"}, func(c *Cache) { c.Put(rule, Version{"u", "7"}) }, false},
		"a state long before":              {Version{"u", "10"}, func(c *Cache) { c.Put(rule, Version{"u", "9"}) }, false},
		"a version that is not a number":   {Version{"u", "a"}, func(c *Cache) { c.Put(rule, Version{"u", "b"}) }, true},
		"it is gone":                       {Version{"u", "7"}, func(c *Cache) { c.Delete(fixture.RuleRef, Version{"u", "8"}) }, true},
		"something else":                   {Version{"u", "7"}, func(c *Cache) { c.Put(fixture.Object(t, fixture.Entry), Version{"e", "9"}) }, false},
		"a name that the server gave none": {Version{}, func(c *Cache) { c.Put(rule, Version{"u", "8"}) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCache(t)
			c.Assume(Write{Ref: fixture.RuleRef, Object: rule, Base: tc.base})
			if v := c.View(); v.Assumed.Get(fixture.RuleRef) == nil || v.Stored.Get(fixture.RuleRef) != nil {
				t.Fatal("an admitted write must be expected, and not stored")
			}
			tc.event(c)
			v := c.View()
			if seen := len(v.Writes) == 0; seen != tc.seen {
				t.Errorf("seen is %v, want %v", seen, tc.seen)
			}
			if len(v.Writes) == 0 && v.Assumed != v.Stored {
				t.Error("nothing is assumed, and yet two meshes are kept")
			}
			if !tc.seen && v.Assumed.Get(fixture.RuleRef) == nil {
				t.Error("the assumed write got lost")
			}
		})
	}
}

// An event of a status, or of who writes, changes nothing: what was decided stays decided, and nobody who waits is woken. It settles
// writes as any other does.
func TestEventsThatChangeNothing(t *testing.T) {
	rule := fixture.Object(t, fixture.GoodRule)
	other := mesh.Ref{Kind: mesh.KindServiceEntry, Namespace: "default", Name: "unreadable"}
	write := Write{Ref: fixture.RuleRef, Object: fixture.Object(t, fixture.BareRule), Base: Version{"u", "7"}}
	for name, tc := range map[string]struct {
		assumed []Write
		event   func(*Cache)
		changes bool
	}{
		"the same again":                         {nil, func(c *Cache) { c.Put(rule, Version{"u", "8"}) }, false},
		"another one":                            {nil, func(c *Cache) { c.Put(fixture.Object(t, fixture.BareRule), Version{"u", "8"}) }, true},
		"it is gone":                             {nil, func(c *Cache) { c.Delete(fixture.RuleRef, Version{"u", "8"}) }, true},
		"what is not there is gone":              {nil, func(c *Cache) { c.Delete(other, Version{"u", "8"}) }, false},
		"the same from before a write":           {[]Write{write}, func(c *Cache) { c.Put(rule, Version{"u", "7"}) }, false},
		"the same after a write that was undone": {[]Write{write}, func(c *Cache) { c.Put(rule, Version{"u", "9"}) }, true},
		"the write itself":                       {[]Write{write}, func(c *Cache) { c.Put(write.Object, Version{"u", "8"}) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCache(t, fixture.Entry, fixture.GoodRule)
			for _, w := range tc.assumed {
				c.Assume(w)
			}
			view, changed, told := c.View(), c.Changed(), false
			tc.event(c)
			select {
			case <-changed:
				told = true
			default:
			}
			if told != tc.changes || (c.View() != view) != tc.changes {
				t.Errorf("told %t, another view %t; want %t", told, c.View() != view, tc.changes)
			}
			if tc.changes && len(c.View().Writes) > 0 {
				t.Error("the write is not settled")
			}
			if c.last.Load() == 0 {
				t.Error("the event does not count as one")
			}
		})
	}
}

func TestAssumedDeletion(t *testing.T) {
	c := newCache(t, fixture.Entry, fixture.GoodRule)
	c.Assume(Write{Ref: fixture.RuleRef, Object: nil, Base: Version{"u", "7"}})
	if v := c.View(); v.Assumed.Get(fixture.RuleRef) != nil || v.Stored.Get(fixture.RuleRef) == nil {
		t.Fatal("a deleted object must be gone from what is expected, and from nothing else")
	}
	c.Put(fixture.Object(t, fixture.BareRule), Version{"u", "7"}) // a late event of the state before
	if v := c.View(); v.Assumed.Get(fixture.RuleRef) != nil {
		t.Error("a late event brought the object back")
	}
	c.Delete(fixture.RuleRef, Version{"u", "8"})
	if v := c.View(); len(v.Writes) != 0 || v.Stored.Get(fixture.RuleRef) != nil {
		t.Error("the event did not settle it")
	}
}

func TestLastAssumedWriteStands(t *testing.T) {
	c := newCache(t)
	c.Assume(Write{Ref: fixture.RuleRef, Object: fixture.Object(t, fixture.GoodRule), Base: Version{UID: "u"}})
	c.Assume(Write{Ref: fixture.RuleRef, Object: nil, Base: Version{"u", "7"}})
	if v := c.View(); len(v.Writes) != 1 || v.Assumed.Get(fixture.RuleRef) != nil {
		t.Errorf("%d writes assumed for one name", len(v.Writes))
	}
}

// A write that something else refused after we admitted it is forgotten.
func TestAssumedWritesExpire(t *testing.T) {
	c := newCache(t)
	now := time.Now()
	c.now = func() time.Time { return now }
	c.Assume(Write{Ref: fixture.RuleRef, Object: fixture.Object(t, fixture.GoodRule), Base: Version{UID: "u"}})
	now = now.Add(assumeTTL / 2)
	other := mesh.Ref{Kind: mesh.KindServiceEntry, Namespace: "default", Name: "shop"}
	c.Assume(Write{Ref: other, Object: fixture.Object(t, fixture.Entry), Base: Version{UID: "e"}})
	now = now.Add(assumeTTL/2 + time.Second)
	v := c.View()
	if v.Assumed.Get(fixture.RuleRef) != nil || v.Assumed.Get(other) == nil || len(v.Writes) != 1 {
		t.Errorf("%d assumed; the older must be gone, the younger stay", len(v.Writes))
	}
}

func TestConfigureKeepsObjectsAndWrites(t *testing.T) {
	c := newCache(t, fixture.Entry)
	c.Assume(Write{Ref: fixture.RuleRef, Object: fixture.Object(t, fixture.GoodRule), Base: Version{UID: "u"}})
	changed := c.Changed()
	settings := mesh.DefaultSettings()
	settings.RootNamespace = "istio-config"
	c.Configure(settings)
	v := c.View()
	if v.Stored.Settings().RootNamespace != "istio-config" || v.Stored.Len() != 1 || v.Assumed.Get(fixture.RuleRef) == nil {
		t.Errorf("%+v with %d objects", v.Stored.Settings(), v.Stored.Len())
	}
	select {
	case <-changed:
	default:
		t.Error("those who wait were not told")
	}
}

func TestAge(t *testing.T) {
	c := newCache(t)
	now := time.Now()
	c.now = func() time.Time { return now }
	if c.Age() != 0 {
		t.Errorf("age %s without an event", c.Age())
	}
	c.Put(fixture.Object(t, fixture.Entry), Version{})
	now = now.Add(3 * time.Second)
	if c.Age() != 3*time.Second {
		t.Errorf("age %s, want 3s", c.Age())
	}
}
