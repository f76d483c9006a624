package informer

import (
	"slices"
	"testing"

	"github.com/tlsward/tlsward/mesh"
)

func TestEveryKindThatIsReadIsOneOfTheMesh(t *testing.T) {
	for _, kind := range Kinds() {
		if !slices.Contains(mesh.Kinds(), kind.Name) {
			t.Errorf("%s is none of %v", kind.Name, mesh.Kinds())
		}
	}
}
