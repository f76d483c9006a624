package mesh

import (
	"fmt"
	"slices"

	"google.golang.org/protobuf/encoding/protojson"
	meshconfig "istio.io/api/mesh/v1alpha1"
)

// WithMeshConfig returns the settings as a MeshConfig (JSON) changes them: what it leaves out stays as it is, a list is
// replaced whole, as istiod lays one MeshConfig over another (pkg/config/mesh/mesh.go ApplyMeshConfig). Fields that
// this program's istio.io/api does not have are passed by.
func (s Settings) WithMeshConfig(raw []byte) (Settings, error) {
	c := &meshconfig.MeshConfig{}
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(raw, c); err != nil {
		return s, fmt.Errorf("read MeshConfig: %w", err)
	}
	setUnlessEmpty(&s.RootNamespace, c.GetRootNamespace())
	setUnlessEmpty(&s.TrustDomain, c.GetTrustDomain())
	setList(&s.TrustDomainAliases, c.GetTrustDomainAliases())
	setList(&s.ServiceExportTo, c.GetDefaultServiceExportTo())
	setList(&s.VirtualServiceExportTo, c.GetDefaultVirtualServiceExportTo())
	setList(&s.DestinationRuleExportTo, c.GetDefaultDestinationRuleExportTo())
	if policy := c.GetOutboundTrafficPolicy(); policy != nil {
		s.RegistryOnly = policy.GetMode() == meshconfig.MeshConfig_OutboundTrafficPolicy_REGISTRY_ONLY
	}
	if auto := c.GetEnableAutoMtls(); auto != nil {
		s.NoAutoMTLS = !auto.GetValue()
	}
	if selectors := c.GetDiscoverySelectors(); len(selectors) > 0 {
		s.DiscoverySelectors = nil
		for i, selector := range selectors {
			read, err := labelSelector(selector)
			if err != nil {
				return s, fmt.Errorf("read MeshConfig: discoverySelectors[%d]: %w", i, err)
			}
			s.DiscoverySelectors = append(s.DiscoverySelectors, read)
		}
	}
	return s, nil
}

// UnknownMeshConfigFields returns the paths of the fields in a MeshConfig (JSON) that this program's istio.io/api does not
// have; a few of them, where there are many.
func UnknownMeshConfigFields(raw []byte) []string {
	return unknownFields("", raw, (&meshconfig.MeshConfig{}).ProtoReflect().Descriptor())
}

func setUnlessEmpty(field *string, value string) {
	if value != "" {
		*field = value
	}
}

func setList(field *[]string, value []string) {
	if len(value) > 0 {
		*field = slices.Clone(value)
	}
}

// exportTo returns the exportTo of an object: its own or, where it has none, the mesh's default for its kind.
func exportTo(own, byDefault []string) []string {
	if len(own) > 0 {
		return own
	}
	return byDefault
}
