//go:build !istio130

package oracle

import "github.com/tlsward/tlsward/mesh"

// istioVersion is the version of Istio that go.mod builds.
const istioVersion = mesh.Version131
