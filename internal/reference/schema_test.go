package reference_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/tlsward/tlsward/internal/golden"
	"github.com/tlsward/tlsward/internal/reference"
	"github.com/tlsward/tlsward/policies"
)

const (
	types      = "../../api/v1alpha1"
	config     = "../../policies/schemas/config.json"
	parameters = "../../policies/schemas/params.json"
	values     = "../../charts/tlsward/values.schema.json"
)

func comments(t *testing.T) reference.Comments {
	t.Helper()
	c, err := reference.ReadComments(types)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestTheConfigSchemaIsThatOfTheTypes(t *testing.T) {
	got, err := reference.ConfigSchema(comments(t))
	if err != nil {
		t.Fatal(err)
	}
	golden.Equal(t, config, string(got))
}

func TestTheChartTakesWhatTheProgramTakes(t *testing.T) {
	engine, err := policies.New(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, p := range engine.Policies() {
		ids = append(ids, p.ID)
	}
	var params struct {
		Properties map[string]any `json:"properties"`
	}
	if err := json.Unmarshal(read(t, parameters), &params); err != nil {
		t.Fatal(err)
	}
	got, err := reference.ChartSchema(read(t, values), comments(t), ids, params.Properties)
	if err != nil {
		t.Fatal(err)
	}
	golden.Equal(t, values, string(got))
}

func TestTheReferenceHasEveryFieldAndWhatItIsFor(t *testing.T) {
	got := reference.Markdown(comments(t))
	golden.Equal(t, "../../docs/configuration.md", got)
	for line := range strings.Lines(got) {
		if strings.HasPrefix(line, "| `") && strings.HasSuffix(line, "|  |\n") && !strings.Contains(line, "`apiVersion`") && !strings.Contains(line, "`kind`") {
			t.Errorf("nothing is said of %s", line)
		}
	}
}
