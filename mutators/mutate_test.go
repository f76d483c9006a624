package mutators_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"sigs.k8s.io/yaml"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
	"github.com/tlsward/tlsward/mutators"
)

// Each file under testdata holds, parted by "---": the object, any objects around it, and last the patch, as YAML.
func TestMutate(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			object, snapshot, want := readCase(t, file)
			mutated, patch, err := mutators.Mutate(v1alpha1.DefaultConfig().Mutation, nil, snapshot, object)
			if err != nil {
				t.Fatal(err)
			}
			have, err := yaml.Marshal(patch)
			if err != nil {
				t.Fatal(err)
			}
			if len(patch) == 0 {
				have = []byte("[]\n")
			}
			if !bytes.Equal(normal(t, have), normal(t, want)) {
				t.Errorf("patch:\n%s\nwant:\n%s", have, want)
			}
			checkPatch(t, object, mutated, have)
			if _, again, err := mutators.Mutate(v1alpha1.DefaultConfig().Mutation, nil, snapshot, mutated); err != nil || len(again) != 0 {
				t.Errorf("a second pass finds more to do: %v %v", again, err)
			}
		})
	}
}

func readCase(t *testing.T, file string) (object []byte, snapshot *mesh.Snapshot, patch []byte) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	documents := strings.Split(string(content), "\n---\n")
	snapshot = mesh.New(mesh.DefaultSettings())
	for i, document := range documents[:len(documents)-1] {
		raw, err := yaml.YAMLToJSON([]byte(document))
		if err != nil {
			t.Fatalf("document %d: %v", i, err)
		}
		if i == 0 {
			object = raw
			continue
		}
		o, err := mesh.Decode(raw)
		if err != nil {
			t.Fatalf("document %d: %v", i, err)
		}
		snapshot = snapshot.With(o)
	}
	return object, snapshot, []byte(documents[len(documents)-1])
}

// checkPatch checks that the patch, applied by another library, leads to the mutated object.
func checkPatch(t *testing.T, object, mutated, patchYAML []byte) {
	t.Helper()
	patchJSON, err := yaml.YAMLToJSON(patchYAML)
	if err != nil {
		t.Fatal(err)
	}
	patch, err := jsonpatch.DecodePatch(patchJSON)
	if err != nil {
		t.Fatal(err)
	}
	applied, err := patch.Apply(object)
	if err != nil {
		t.Fatal(err)
	}
	if !jsonpatch.Equal(applied, mutated) {
		t.Errorf("the patch leads to\n%s\nthe object is\n%s", applied, mutated)
	}
}

// What Config has for a host goes before what it has for all, and a host without settings is left alone.
func TestMutateTakesTheSettingsOfTheHost(t *testing.T) {
	snapshot := mesh.New(mesh.DefaultSettings(), entry(t, "edition.cnn.com"))
	rule := []byte(`{"apiVersion":"networking.istio.io/v1","kind":"DestinationRule","metadata":{"name":"rule","namespace":"default"},
		"spec":{"host":"edition.cnn.com","trafficPolicy":{"portLevelSettings":[{"port":{"number":80}}]}}}`)
	mutual := v1alpha1.Origination{Hosts: []string{"*.cnn.com"}, TLS: map[string]any{"mode": "MUTUAL", "credentialName": "cnn"}}
	all := v1alpha1.Origination{Hosts: []string{"*"}, TLS: map[string]any{"mode": "SIMPLE"}}
	other := v1alpha1.Origination{Hosts: []string{"*.example.com"}, TLS: map[string]any{"mode": "SIMPLE"}}
	for name, c := range map[string]struct {
		origination []v1alpha1.Origination
		want        string
	}{
		"the first match": {[]v1alpha1.Origination{other, mutual, all}, `{"credentialName":"cnn","mode":"MUTUAL"}`},
		"all hosts":       {[]v1alpha1.Origination{all, mutual}, `{"mode":"SIMPLE"}`},
		"no match":        {[]v1alpha1.Origination{other}, ""},
		"no settings":     {nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, patch, err := mutators.Mutate(v1alpha1.Mutation{Origination: c.origination}, nil, snapshot, rule)
			if err != nil {
				t.Fatal(err)
			}
			var have []byte
			if len(patch) == 1 {
				have, _ = json.Marshal(patch[0].Value)
			}
			if string(have) != c.want || len(patch) > 1 {
				t.Errorf("patch %v, want the value %s", patch, c.want)
			}
		})
	}
}

func TestMutateUpgradesByPort(t *testing.T) {
	object := []byte(`{"apiVersion":"networking.istio.io/v1","kind":"ServiceEntry","metadata":{"name":"e","namespace":"d"},
		"spec":{"hosts":["a.example"],"ports":[{"number":80,"name":"http","protocol":"HTTP"},{"number":8080,"name":"alt","protocol":"GRPC"},
		{"number":443,"name":"https","protocol":"HTTPS"},null]}}`)
	upgrades := []v1alpha1.Upgrade{{Port: 8080, TargetPort: 8443}, {Port: 443, TargetPort: 444}}
	_, patch, err := mutators.Mutate(v1alpha1.Mutation{Upgrades: upgrades}, nil, mesh.New(mesh.DefaultSettings()), object)
	have, _ := json.Marshal(patch)
	if want := `[{"op":"add","path":"/spec/ports/1/targetPort","value":8443}]`; err != nil || string(have) != want {
		t.Errorf("have %s (%v), want %s: TLS ports are never upgraded", have, err, want)
	}
}

func TestMutateLeavesOtherKindsAndFaults(t *testing.T) {
	snapshot := mesh.New(mesh.DefaultSettings())
	for _, object := range []string{
		`{"apiVersion":"networking.istio.io/v1","kind":"Gateway","metadata":{"name":"g"}}`,
		`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"}}`,
	} {
		have, patch, err := mutators.Mutate(v1alpha1.DefaultConfig().Mutation, nil, snapshot, []byte(object))
		if err != nil || len(patch) > 0 || string(have) != object {
			t.Errorf("%s: have %s, %v, %v", object, have, patch, err)
		}
	}
	bad := `{"apiVersion":"networking.istio.io/v1","kind":"ServiceEntry","metadata":{"name":"e"},"spec":{"hosts":3}}`
	if _, _, err := mutators.Mutate(v1alpha1.DefaultConfig().Mutation, nil, snapshot, []byte(bad)); err == nil || !strings.Contains(err.Error(), "ServiceEntry e: spec.hosts") {
		t.Errorf("an object that cannot be read: %v", err)
	}
}

// normal returns the same JSON for equal YAML.
func normal(t *testing.T, raw []byte) []byte {
	t.Helper()
	var value any
	if err := yaml.Unmarshal(raw, &value); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Whatever an object holds, a mutator must not panic, and what it returns must be readable and need no further mutation.
func FuzzMutate(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.yaml")
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		raw, err := yaml.YAMLToJSON([]byte(strings.Split(string(content), "\n---\n")[0]))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add([]byte(`{"apiVersion":"networking.istio.io/v1","kind":"ServiceEntry","Spec":{"location":"MESH_EXTERNAL",
		"hosts":["a.example"],"ports":[{"number":80,"name":"http","protocol":"HTTP"}]}}`))
	snapshot := mesh.New(mesh.DefaultSettings(), entry(f, "edition.cnn.com"), entry(f, "*.example.com"))
	f.Fuzz(func(t *testing.T, object []byte) {
		mutated, _, err := mutators.Mutate(v1alpha1.DefaultConfig().Mutation, nil, snapshot, object)
		if err != nil {
			return
		}
		if _, again, err := mutators.Mutate(v1alpha1.DefaultConfig().Mutation, nil, snapshot, mutated); err != nil || len(again) != 0 {
			t.Errorf("a second pass finds more to do: %v %v", again, err)
		}
	})
}

func entry(tb testing.TB, host string) *mesh.Object {
	tb.Helper()
	o, err := mesh.Decode([]byte(`{"apiVersion":"networking.istio.io/v1","kind":"ServiceEntry",
		"metadata":{"name":"entry","namespace":"` + strings.Trim(host, "*.") + `"},
		"spec":{"hosts":["` + host + `"],"resolution":"DNS","ports":[
		{"number":80,"name":"http","protocol":"HTTP","targetPort":443},{"number":443,"name":"https","protocol":"HTTPS"},
		{"number":5432,"name":"tcp","protocol":"TCP"}]}}`))
	if err != nil {
		tb.Fatal(err)
	}
	return o
}
