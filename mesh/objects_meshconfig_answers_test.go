package mesh

import (
	"encoding/json"
	"fmt"
	"testing"
)

// meshOfField returns a mesh where a followed field of MeshConfig moves the answer for pods of shop that call api.bank.example.
func meshOfField(path string) string {
	const (
		entry = `
		ServiceEntry egress/bank @1: {hosts: [api.bank.example], resolution: DNS, ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]}`
		tls = `{host: api.bank.example, trafficPolicy: {tls: {mode: SIMPLE}}}`
		// of servers with an identity of the mesh
		known = `
		ServiceEntry egress/bank @1: {hosts: [api.bank.example], resolution: STATIC, location: MESH_INTERNAL,
			endpoints: [{address: 192.0.2.1, serviceAccount: bank, labels: {security.istio.io/tlsMode: istio}}], ports: [{number: 80, name: http, protocol: HTTP}]}`
		mutual = `
		DestinationRule egress/bank: {host: api.bank.example, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}`
	)
	return map[string]string{
		"outboundTrafficPolicy.mode": "{}",
		"enableAutoMtls":             known,
		"trustDomain":                known + mutual,
		"trustDomainAliases":         known + mutual,
		"defaultServiceExportTo":     entry,
		"defaultVirtualServiceExportTo": entry + `
		VirtualService egress/bank: {hosts: [api.bank.example], http: [{directResponse: {status: 200}}]}`,
		"defaultDestinationRuleExportTo": entry + `
		DestinationRule egress/bank: ` + tls,
		"rootNamespace": entry + `
		DestinationRule mesh/bank: ` + tls,
		"discoverySelectors": entry,
	}[path]
}

// Each field of MeshConfig that settings follow changes an answer.
func TestFollowedMeshConfigFieldsMoveAnswers(t *testing.T) {
	client := parseClient("sidecar shop")
	for path, c := range classedFields() {
		if c.changes == "" {
			continue
		}
		t.Run(path, func(t *testing.T) {
			all := objects(t, meshOfField(path))
			answer := func(settings Settings) string {
				s := New(settings, all...)
				raw, err := json.Marshal(s.Resolve(client, "api.bank.example", 80))
				if err != nil {
					t.Fatal(err)
				}
				return fmt.Sprintf("%s, what it does not know passes: %t", raw, s.PassesOn(client))
			}
			changed, err := DefaultSettings().WithMeshConfig(meshConfigWith(t, path, c.changes))
			if err != nil {
				t.Fatal(err)
			}
			before, after := answer(DefaultSettings()), answer(changed)
			if before == after {
				t.Errorf("it moves nothing: %s", before)
			}
		})
	}
}
