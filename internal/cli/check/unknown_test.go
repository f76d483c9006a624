package check

import (
	"errors"
	"strings"
	"testing"

	"github.com/tlsward/tlsward/internal/cli"
	"github.com/tlsward/tlsward/internal/cli/offline"
)

const misspelt = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: a, namespace: shop}
spec:
  hots: [a.example]
  hosts: [b.example]
  ports: [{number: 443, name: tls, protocol: TLS}]
  resolution: DNS
`

// A misspelt field is denied once, and not told as one that Istio may know.
func TestAMisspeltFieldIsDenied(t *testing.T) {
	stdout, _, err := run(t, Options{Source: offline.Source{Paths: []string{"-"}}, Output: "text"}, misspelt)
	want := "standard input:5: deny unknown-field ServiceEntry shop/a: ServiceEntry has no field spec.hots: " +
		"the API server refuses the object, or drops the field (did you mean hosts?)\n"
	if !errors.Is(err, cli.ErrIssuesFound) || !strings.HasPrefix(stdout, want) || !strings.HasSuffix(stdout, "1 denial, 0 warnings\n") {
		t.Errorf("%v\n%s", err, stdout)
	}
}
