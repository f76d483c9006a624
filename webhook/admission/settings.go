package admission

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/tlsward/tlsward/api/v1alpha1"
	"github.com/tlsward/tlsward/mesh"
)

// MeshSettings returns the settings of a cluster, or Istio's defaults, as a configuration changes them: its meshConfig, and
// before that its other fields. A field of the meshConfig that is not known is an error. Other control planes are changed alike, but
// for their revision and version.
func MeshSettings(m v1alpha1.Mesh, s mesh.Settings) (mesh.Settings, error) {
	var err error
	if len(m.MeshConfig) > 0 {
		if s, err = withMeshConfig(s, m.MeshConfig); err != nil {
			return mesh.Settings{}, v1alpha1.FieldError{Field: "mesh.meshConfig", Message: err.Error()}
		}
	}
	override(&s.RootNamespace, m.RootNamespace)
	override(&s.TrustDomain, m.TrustDomain)
	override(&s.ClusterDomain, m.ClusterDomain)
	override(&s.Revision, m.Revision)
	if m.TrustDomainAliases != nil {
		s.TrustDomainAliases = m.TrustDomainAliases
	}
	if m.IstioVersion != "" {
		s.Version = mesh.Version(m.IstioVersion)
		if known := mesh.Versions(); !slices.Contains(known, s.Version) {
			return mesh.Settings{}, v1alpha1.FieldError{
				Field:   "mesh.istioVersion",
				Message: fmt.Sprintf("tlsward does not know what Istio %q does (known: %q)", m.IstioVersion, known),
			}
		}
	}
	for _, cidr := range m.InternalAddresses {
		prefix, err := netip.ParsePrefix(cidr)
		if err != nil {
			return mesh.Settings{}, v1alpha1.FieldError{Field: "mesh.internalAddresses", Message: err.Error()}
		}
		s.InternalAddresses = append(s.InternalAddresses, prefix)
	}
	for _, g := range m.IngressGateways {
		s.IngressGateways = append(s.IngressGateways, mesh.IngressGateway(g))
	}
	return s, others(m, &s)
}

// others changes the settings of the other control planes of s.
func others(m v1alpha1.Mesh, s *mesh.Settings) error {
	m.Revision, m.IstioVersion = "", ""
	s.Others = slices.Clone(s.Others)
	for i := range s.Others {
		var err error
		if s.Others[i], err = MeshSettings(m, s.Others[i]); err != nil {
			return err
		}
	}
	return nil
}

// OutsideModel returns the fields of a configuration's meshConfig that the model does not follow, each with what hangs on it.
func OutsideModel(m v1alpha1.Mesh) []string {
	if len(m.MeshConfig) == 0 {
		return nil
	}
	raw, err := json.Marshal(m.MeshConfig)
	if err != nil {
		return nil // MeshSettings tells it
	}
	return mesh.OutsideModelOfMeshConfig(raw)
}

// withMeshConfig lays a meshConfig that a person wrote over s.
func withMeshConfig(s mesh.Settings, config map[string]any) (mesh.Settings, error) {
	raw, err := json.Marshal(config)
	if err != nil {
		return s, fmt.Errorf("write it as JSON: %w", err)
	}
	var unknown []error
	for _, field := range mesh.UnknownMeshConfigFields(raw) {
		unknown = append(unknown, fmt.Errorf("%s: unknown field", field))
	}
	if len(unknown) > 0 {
		return s, errors.Join(unknown...)
	}
	return s.WithMeshConfig(raw)
}

func override(field *string, value string) {
	if value != "" {
		*field = value
	}
}
