package mesh

import (
	"strings"
	"testing"
)

// Of two objects with one name the later stands; With and Without leave the snapshot that they were asked of as it was.
func TestSnapshotIsImmutable(t *testing.T) {
	first := snapshot(t, `{ServiceEntry default/cnn: {hosts: [edition.cnn.com]}}`)
	changed := first.With(objects(t, `{ServiceEntry default/cnn: {hosts: [www.cnn.com]}}`)[0])
	gone := changed.Without(Ref{KindServiceEntry, "default", "cnn"})
	for _, c := range []struct {
		name     string
		snapshot *Snapshot
		want     []string
		objects  int
	}{
		{"the first", first, []string{"edition.cnn.com"}, 1},
		{"with another object of this name", changed, []string{"www.cnn.com"}, 1},
		{"without it", gone, nil, 0},
		{"without what was never there", first.Without(Ref{KindServiceEntry, "default", "other"}), []string{"edition.cnn.com"}, 1},
	} {
		equal(t, c.name+": hosts", c.snapshot.Hosts("*"), c.want)
		equal(t, c.name+": objects", c.snapshot.Len(), c.objects)
	}
	equal(t, "settings", gone.Settings(), DefaultSettings())
	for name, same := range map[string]*Snapshot{
		"with the same again":       changed.With(objects(t, `{ServiceEntry default/cnn: {hosts: [www.cnn.com]}}`)[0]),
		"without what is not there": changed.Without(Ref{KindServiceEntry, "default", "other"}),
	} {
		if same != changed {
			t.Errorf("%s it is another one", name)
		}
	}
}

func TestSnapshotObjects(t *testing.T) {
	s := snapshot(t, `{Sidecar b/a: {}, Namespace c: {}, Sidecar a/b: {}, Gateway z/z: {}}`)
	var list []string
	for o := range s.Objects() {
		list = append(list, o.String())
	}
	equal(t, "by kind, namespace and name", strings.Join(list, ", "), "Gateway z/z, Namespace c, Sidecar a/b, Sidecar b/a")
	for o := range s.Objects() {
		equal(t, "a walk that ends early", o.String(), "Gateway z/z")
		break
	}
	equal(t, "by its name", s.Get(Ref{KindSidecar, "a", "b"}).Ref, "Sidecar a/b")
	equal(t, "what is not there", s.Get(Ref{KindSidecar, "a", "a"}) == nil, true)
}
