package mesh

import (
	"strings"
	"testing"
)

// Which Gateways configure pods with labels app=x and team=z: they carry all of the selector.
func TestGatewaysSelecting(t *testing.T) {
	s := snapshot(t, `
		Gateway b/app: {selector: {app: x}}
		Gateway a/both: {selector: {app: x, team: z}}
		Gateway z/all: {}
		Gateway a/none: {selector: {app: x, istio: egressgateway}}
		Gateway a/other: {selector: {app: xy}}`)
	labels := map[string]string{"app": "x", "team": "z"}
	selecting := func() string {
		var list []string
		for _, g := range s.gatewaysSelecting("x", labels) {
			list = append(list, g.Namespace+"/"+g.Name)
		}
		return strings.Join(list, " ")
	}
	equal(t, "Gateways", selecting(), "a/both b/app z/all")
	for _, g := range s.gatewaysSelecting("x", labels) {
		s = s.Without(g.Ref)
	}
	equal(t, "when they are gone", selecting(), "")
	equal(t, "in the index is what is left", s.gatewaysBySelector.Len(), 3)
}
