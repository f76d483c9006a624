//go:build istio130

package oracle

import "github.com/tlsward/tlsward/mesh"

// istioVersion is the version of Istio that go.130.mod builds, with which this tag belongs.
const istioVersion = mesh.Version130
