package mesh

import (
	"fmt"
	"slices"
	"strconv"

	"google.golang.org/protobuf/encoding/protojson"
	meshconfig "istio.io/api/mesh/v1alpha1"
)

// WithMeshConfig returns the settings as a MeshConfig (JSON) changes them, as istiod lays one MeshConfig over another
// (pkg/config/mesh/mesh.go ApplyMeshConfig):
//  1. what it leaves out stays as it is, a list is replaced whole;
//  2. trustDomainAliases are added to those that are there.
//
// Fields that this program's istio.io/api does not have are passed by.
func (s Settings) WithMeshConfig(raw []byte) (Settings, error) {
	c, err := parseMeshConfig(raw)
	if err != nil {
		return s, fmt.Errorf("read MeshConfig: %w", err)
	}
	setUnlessEmpty(&s.RootNamespace, c.GetRootNamespace())
	setUnlessEmpty(&s.TrustDomain, c.GetTrustDomain())
	if aliases := c.GetTrustDomainAliases(); len(aliases) > 0 {
		s.TrustDomainAliases = slices.Compact(slices.Sorted(slices.Values(slices.Concat(s.TrustDomainAliases, aliases))))
	}
	setList(&s.ServiceExportTo, c.GetDefaultServiceExportTo())
	setList(&s.VirtualServiceExportTo, c.GetDefaultVirtualServiceExportTo())
	setList(&s.DestinationRuleExportTo, c.GetDefaultDestinationRuleExportTo())
	if policy := c.GetOutboundTrafficPolicy(); policy != nil {
		s.RegistryOnly = policy.GetMode() == meshconfig.MeshConfig_OutboundTrafficPolicy_REGISTRY_ONLY
	}
	if auto := c.GetEnableAutoMtls(); auto != nil {
		s.NoAutoMTLS = !auto.GetValue()
	}
	if value, written := c.GetDefaultConfig().GetProxyMetadata()[dnsCapture]; written {
		if captures, err := strconv.ParseBool(value); err == nil {
			s.DNSCapture = captures
		}
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

// dnsCapture is the variable by which sidecars resolve names (pkg/model/proxy.go NodeMetadata DNSCapture).
const dnsCapture = "ISTIO_META_DNS_CAPTURE"

// parseMeshConfig reads a MeshConfig as istiod does (pkg/util/protomarshal ApplyJSON): a field that is not known is passed by, a
// value that an enumeration does not have is an error.
func parseMeshConfig(raw []byte) (*meshconfig.MeshConfig, error) {
	c := &meshconfig.MeshConfig{}
	strict := protojson.Unmarshal(raw, c)
	if strict == nil || len(UnknownMeshConfigFields(raw)) == 0 {
		return c, strict
	}
	c.Reset()
	return c, protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(raw, c)
}

// UnknownMeshConfigFields returns the paths of the fields in a MeshConfig (JSON) that this program's istio.io/api does not
// have; a few of them, where there are many.
func UnknownMeshConfigFields(raw []byte) []string {
	return unknownFields("", raw, (&meshconfig.MeshConfig{}).ProtoReflect().Descriptor())
}

// meshConfigFields are the fields of MeshConfig that settings have.
var meshConfigFields = []struct {
	name string
	of   func(Settings) any
}{
	{"rootNamespace", func(s Settings) any { return s.RootNamespace }},
	{"trustDomain", func(s Settings) any { return s.TrustDomain }},
	{"trustDomainAliases", func(s Settings) any { return s.TrustDomainAliases }},
	{"outboundTrafficPolicy.mode", func(s Settings) any {
		if s.RegistryOnly {
			return meshconfig.MeshConfig_OutboundTrafficPolicy_REGISTRY_ONLY
		}
		return meshconfig.MeshConfig_OutboundTrafficPolicy_ALLOW_ANY
	}},
	{"enableAutoMtls", func(s Settings) any { return !s.NoAutoMTLS }},
	{"defaultConfig.proxyMetadata[" + dnsCapture + "]", func(s Settings) any { return s.DNSCapture }},
	{"defaultServiceExportTo", func(s Settings) any { return s.ServiceExportTo }},
	{"defaultVirtualServiceExportTo", func(s Settings) any { return s.VirtualServiceExportTo }},
	{"defaultDestinationRuleExportTo", func(s Settings) any { return s.DestinationRuleExportTo }},
	{"discoverySelectors", func(s Settings) any { return s.DiscoverySelectors }},
}

// MeshConfigDifferences returns the fields of MeshConfig in which the settings differ from others, each with both values.
func (s Settings) MeshConfigDifferences(other Settings) []string {
	var out []string
	for _, field := range meshConfigFields {
		if mine, theirs := fmt.Sprint(field.of(s)), fmt.Sprint(field.of(other)); mine != theirs {
			out = append(out, fmt.Sprintf("%s: %s, not %s", field.name, mine, theirs))
		}
	}
	return out
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
