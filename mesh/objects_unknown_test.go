package mesh

import (
	"slices"
	"testing"
)

func TestUnknownFields(t *testing.T) {
	for name, c := range map[string]struct {
		kind, spec string
		want       []string
	}{
		"none":                          {KindServiceEntry, `{"hosts": ["a.example"], "ports": [{"number": 80, "targetPort": 443}]}`, nil},
		"by the name in the definition": {KindServiceEntry, `{"hosts": ["a.example"], "ports": [{"number": 80, "target_port": 443}]}`, []string{"spec.ports[0].target_port"}},
		"beside the name in JSON":       {KindServiceEntry, `{"ports": [{"number": 80, "target_port": 444, "targetPort": 443}]}`, []string{"spec.ports[0].target_port"}},
		"not what is free":              {KindEnvoyFilter, `{"configPatches": [{"patch": {"value": {"transport_socket": {}}}}]}`, nil},
		"at the top":                    {KindServiceEntry, `{"hots": ["a.example"]}`, []string{"spec.hots"}},
		"in a list":                     {KindVirtualService, `{"http": [{}, {"speed": 1}]}`, []string{"spec.http[1].speed"}},
		"in a message":                  {KindDestinationRule, `{"trafficPolicy": {"tls": {"mode": "SIMPLE", "check": true}}}`, []string{"spec.trafficPolicy.tls.check"}},
		"in a map of messages":          {KindVirtualService, `{"http": [{"match": [{"headers": {"a": {"is": "b"}}}]}]}`, []string{"spec.http[0].match[0].headers[a].is"}},
		"not the keys of labels":        {KindWorkloadEntry, `{"labels": {"anything": "x"}}`, nil},
		"not below what is unknown":     {KindGateway, `{"new": {"deep": {"deeper": 1}}}`, []string{"spec.new"}},
		"of any type":                   {KindSidecar, `{"new": [1, "a", null]}`, []string{"spec.new"}},
		"of an AuthorizationPolicy":     {KindAuthorizationPolicy, `{"rules": [{"from": [{"source": {"nodes": ["a"]}}]}]}`, []string{"spec.rules[0].from[0].source.nodes"}},
		"no more than the bound":        {KindServiceEntry, `{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1}`, []string{"spec.a", "spec.b", "spec.c", "spec.d", "spec.e", "spec.f", "spec.g", "spec.h"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, unknown, err := decodeSpec(c.kind, []byte(c.spec))
			if err != nil || !slices.Equal(unknown, c.want) {
				t.Errorf("have %q, %v, want %q", unknown, err, c.want)
			}
		})
	}
}
