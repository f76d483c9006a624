package serve

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func written(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "f.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const sound = "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: a, namespace: b}\nspec:\n  hosts: [a.example]\n"

// What an API server drops is dropped, and told.
func TestManifestsLoseWhatTheirKindsDoNotHave(t *testing.T) {
	path := written(t, sound+"  resoluton: DNS\n---\napiVersion: security.istio.io/v1\nkind: Frobnicator\nmetadata: {name: c}\n")
	objects, notes, err := readManifests(path)
	want := []string{path + ":6: ServiceEntry b/a: unknown field spec.resoluton (did you mean resolution?)",
		path + ":9: security.istio.io/v1 has no kind Frobnicator that tlsward knows: it is left alone"}
	if err != nil || len(objects) != 1 || !slices.Equal(notes, want) {
		t.Errorf("%d objects, %v, notes %q", len(objects), err, notes)
	}
}

// What none takes is refused, all of it at once.
func TestManifestsThatNoAPIServerTakes(t *testing.T) {
	path := written(t, sound+"---\n"+strings.Replace(sound, "hosts", "hots", 1)+"---\n"+
		strings.Replace(sound, "ServiceEntry", "Serviceentry", 1)+"---\n"+sound+"  ports:\n  - {number: 0, name: http}\n")
	_, _, err := readManifests(path)
	if err == nil {
		t.Fatal("they are taken")
	}
	for _, want := range []string{":11: ServiceEntry b/a: unknown field spec.hots (did you mean hosts?)", ":14: networking.istio.io/v1 has no kind Serviceentry",
		":25: ServiceEntry b/a: spec.ports[0].number: want 1 to 65535, have 0"} {
		if !strings.Contains(err.Error(), path+want) {
			t.Errorf("no %q in\n%v", want, err)
		}
	}
}
