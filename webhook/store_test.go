package webhook

import (
	"testing"
	"time"

	"github.com/tlsward/tlsward/mesh"
)

var ruleRef = mesh.Ref{Kind: mesh.KindDestinationRule, Namespace: "default", Name: "shop"}

func TestAdmittedWritesCountUntilTheyAreSeen(t *testing.T) {
	rule := object(t, goodRule)
	for name, tc := range map[string]struct {
		base  Version
		event func(*Store)
		seen  bool
	}{
		"the new object arrives":           {Version{UID: "u"}, func(s *Store) { s.Put(rule, Version{"u", "7"}) }, true},
		"an older object of the name":      {Version{UID: "u"}, func(s *Store) { s.Put(rule, Version{"before", "5"}) }, false},
		"an older object's end":            {Version{UID: "u"}, func(s *Store) { s.Remove(ruleRef, Version{"before", "5"}) }, false},
		"the update arrives":               {Version{"u", "7"}, func(s *Store) { s.Put(rule, Version{"u", "8"}) }, true},
		"the state before the update":      {Version{"u", "7"}, func(s *Store) { s.Put(rule, Version{"u", "7"}) }, false},
		"a state long before":              {Version{"u", "10"}, func(s *Store) { s.Put(rule, Version{"u", "9"}) }, false},
		"a version that is not a number":   {Version{"u", "a"}, func(s *Store) { s.Put(rule, Version{"u", "b"}) }, true},
		"it is gone":                       {Version{"u", "7"}, func(s *Store) { s.Remove(ruleRef, Version{"u", "8"}) }, true},
		"something else":                   {Version{"u", "7"}, func(s *Store) { s.Put(object(t, entry), Version{"e", "9"}) }, false},
		"a name that the server gave none": {Version{}, func(s *Store) { s.Put(rule, Version{"u", "8"}) }, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			s.Admitted(ruleRef, rule, tc.base)
			if v := s.View(); v.Expected.Get(ruleRef) == nil || v.Stored.Get(ruleRef) != nil {
				t.Fatal("an admitted write must be expected, and not stored")
			}
			tc.event(s)
			v := s.View()
			if seen := len(v.pending) == 0; seen != tc.seen {
				t.Errorf("seen is %v, want %v", seen, tc.seen)
			}
			if len(v.pending) == 0 && v.Expected != v.Stored {
				t.Error("nothing is pending, and yet two meshes are kept")
			}
			if !tc.seen && v.Expected.Get(ruleRef) == nil {
				t.Error("the pending write got lost")
			}
		})
	}
}

func TestAdmittedDeletion(t *testing.T) {
	s := newStore(t, entry, goodRule)
	s.Admitted(ruleRef, nil, Version{"u", "7"})
	if v := s.View(); v.Expected.Get(ruleRef) != nil || v.Stored.Get(ruleRef) == nil {
		t.Fatal("a deleted object must be gone from what is expected, and from nothing else")
	}
	s.Put(object(t, bareRule), Version{"u", "7"}) // a late event of the state before
	if v := s.View(); v.Expected.Get(ruleRef) != nil {
		t.Error("a late event brought the object back")
	}
	s.Remove(ruleRef, Version{"u", "8"})
	if v := s.View(); len(v.pending) != 0 || v.Stored.Get(ruleRef) != nil {
		t.Error("the event did not settle it")
	}
}

func TestLastAdmittedWriteStands(t *testing.T) {
	s := newStore(t)
	s.Admitted(ruleRef, object(t, goodRule), Version{UID: "u"})
	s.Admitted(ruleRef, nil, Version{"u", "7"})
	if v := s.View(); len(v.pending) != 1 || v.Expected.Get(ruleRef) != nil {
		t.Errorf("%d writes pending for one name", len(v.pending))
	}
}

// A write that something else refused after we admitted it is forgotten.
func TestPendingWritesExpire(t *testing.T) {
	s := newStore(t)
	now := time.Now()
	s.now = func() time.Time { return now }
	s.Admitted(ruleRef, object(t, goodRule), Version{UID: "u"})
	now = now.Add(pendingLife / 2)
	other := mesh.Ref{Kind: mesh.KindServiceEntry, Namespace: "default", Name: "shop"}
	s.Admitted(other, object(t, entry), Version{UID: "e"})
	now = now.Add(pendingLife/2 + time.Second)
	v := s.View()
	if v.Expected.Get(ruleRef) != nil || v.Expected.Get(other) == nil || len(v.pending) != 1 {
		t.Errorf("%d pending; the older must be gone, the younger stay", len(v.pending))
	}
}

func TestConfigureKeepsObjectsAndPending(t *testing.T) {
	s := newStore(t, entry)
	s.Admitted(ruleRef, object(t, goodRule), Version{UID: "u"})
	changed := s.Changed()
	settings := mesh.DefaultSettings()
	settings.RootNamespace = "istio-config"
	s.Configure(settings)
	v := s.View()
	if v.Stored.Settings().RootNamespace != "istio-config" || v.Stored.Len() != 1 || v.Expected.Get(ruleRef) == nil {
		t.Errorf("%+v with %d objects", v.Stored.Settings(), v.Stored.Len())
	}
	select {
	case <-changed:
	default:
		t.Error("those who wait were not told")
	}
}

func TestAge(t *testing.T) {
	s := newStore(t)
	now := time.Now()
	s.now = func() time.Time { return now }
	if s.Age() != 0 {
		t.Errorf("age %s without an event", s.Age())
	}
	s.Put(object(t, entry), Version{})
	now = now.Add(3 * time.Second)
	if s.Age() != 3*time.Second {
		t.Errorf("age %s, want 3s", s.Age())
	}
}
