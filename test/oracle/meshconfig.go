package oracle

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	meshapi "istio.io/api/mesh/v1alpha1"
	meshconfig "istio.io/istio/pkg/config/mesh"

	"github.com/tlsward/tlsward/mesh"
)

// kindMeshConfig is the kind under which a Mesh holds its MeshConfig, as the spec of a document.
const kindMeshConfig = "MeshConfig"

// meshConfig makes a MeshConfig.
func (g *Generator) meshConfig() Document {
	spec := object{}
	if g.chance(0.4) {
		mode := pick(g, "REGISTRY_ONLY", "ALLOW_ANY")
		g.cover("MeshConfig " + mode)
		spec["outboundTrafficPolicy"] = object{"mode": mode}
	}
	if g.chance(0.3) {
		g.cover("MeshConfig enableAutoMtls false")
		spec["enableAutoMtls"] = false
	}
	for _, kind := range []string{"Service", "VirtualService", "DestinationRule"} {
		if g.chance(0.4) {
			g.cover("MeshConfig default" + kind + "ExportTo")
			spec["default"+kind+"ExportTo"] = pick(g, list{"*"}, list{"."}, list{"."}, list{"~"}, list{"apps"}, list{".", "apps"})
		}
	}
	return Document{"kind": kindMeshConfig, "metadata": object{"name": "istio"}, "spec": spec}
}

// withoutMeshConfig returns the objects of a mesh, and its MeshConfig laid over Istio's defaults.
func (m Mesh) withoutMeshConfig() (Mesh, *meshapi.MeshConfig, error) {
	config := meshconfig.DefaultMeshConfig()
	var objects Mesh
	for _, d := range m {
		if d.Kind() != kindMeshConfig {
			objects = append(objects, d)
			continue
		}
		raw, err := json.Marshal(d.Spec())
		if err != nil {
			return nil, nil, err
		}
		if config, err = meshconfig.ApplyMeshConfig(string(raw), config); err != nil {
			return nil, nil, fmt.Errorf("give MeshConfig to Istio: %w", err)
		}
	}
	return objects, config, nil
}

// settings returns what the model takes from the MeshConfig of a mesh.
func (m Mesh) settings() (mesh.Settings, error) {
	s := mesh.DefaultSettings()
	s.Version, s.Flags = istioVersion, flagsOfProcess()
	for _, d := range m {
		if d.Kind() == kindMeshConfig {
			raw, err := json.Marshal(d.Spec())
			if err != nil {
				return s, err
			}
			return s.WithMeshConfig(raw)
		}
	}
	return s, nil
}

// flagsOfProcess returns the flags that Istio has in this process, which it read from the environment at its start.
func flagsOfProcess() mesh.Flags {
	environment := map[string]string{}
	for _, variable := range os.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		environment[name] = value
	}
	return mesh.FlagsOf(environment)
}

// meshConfigConstructs are the constructs of meshConfig.
var meshConfigConstructs = strings.Split("MeshConfig REGISTRY_ONLY,MeshConfig ALLOW_ANY,MeshConfig enableAutoMtls false,"+
	"MeshConfig defaultServiceExportTo,MeshConfig defaultVirtualServiceExportTo,MeshConfig defaultDestinationRuleExportTo", ",")
