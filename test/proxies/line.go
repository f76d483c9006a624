//go:build proxies

package proxies

import (
	"fmt"
	"os"

	"github.com/tlsward/tlsward/mesh"
)

// lineVariable names the minor version of Istio whose parts the world is made of.
const lineVariable = "TLSWARD_ISTIO"

// line is a minor version of Istio, and what belongs to it.
type line struct {
	version mesh.Version
	// envoy is its version of Envoy.
	envoy string
	// dir is where its programs are, below bin/.
	dir string
	// build are the options of go build and go list for its modules, tags those for the oracle's besides.
	build, tags []string
}

// lines are those that the model is held against.
var lines = []line{
	{version: mesh.Version131, envoy: "1.40.0", dir: "proxies", build: []string{"-mod=mod"}},
	{
		version: mesh.Version130, envoy: "1.38.3", dir: "proxies-1.30",
		build: []string{"-mod=mod", "-modfile=go.130.mod"}, tags: []string{"-tags=istio130"},
	},
}

// chosenLine returns the line that $TLSWARD_ISTIO names, the newest where it names none.
func chosenLine() (line, error) {
	name := os.Getenv(lineVariable)
	for _, l := range lines {
		if name == "" || name == string(l.version) {
			return l, nil
		}
	}
	return line{}, fmt.Errorf("%s names no version of Istio that is known: %q", lineVariable, name)
}
