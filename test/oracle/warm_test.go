package oracle

import (
	"testing"

	_ "istio.io/istio/pilot/pkg/networking/core"
	_ "istio.io/istio/pilot/test/xds"
)

func TestWarm(t *testing.T) {}
