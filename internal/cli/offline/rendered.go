package offline

import (
	"cmp"
	"errors"

	"github.com/tlsward/tlsward/internal/helm"
	"github.com/tlsward/tlsward/internal/kustomize"
	"github.com/tlsward/tlsward/internal/manifests"
)

// rendered returns what is rendered, a file for each of its sources. All that cannot be rendered is named at once.
func (s Source) rendered() ([]manifests.File, error) {
	var files []manifests.File
	var errs []error
	for _, dir := range s.Kustomizations {
		f, err := kustomize.Build(dir)
		files, errs = append(files, f), append(errs, err)
	}
	if s.Chart != "" {
		f, err := helm.Template(helm.Release{Chart: s.Chart, Values: s.Values, Namespace: cmp.Or(s.Namespace, "default"), APIVersions: meshAPIs()})
		files, errs = append(files, f), append(errs, err)
	} else if len(s.Values) > 0 {
		errs = append(errs, errors.New("--values: name the chart that they are for: --helm CHART"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return files, nil
}

// meshAPIs returns the APIs of a mesh: a chart may ask whether a cluster has them (.Capabilities.APIVersions).
func meshAPIs() []string {
	return []string{
		"networking.istio.io/v1", "networking.istio.io/v1beta1", "networking.istio.io/v1alpha3",
		"security.istio.io/v1", "security.istio.io/v1beta1", "telemetry.istio.io/v1", "extensions.istio.io/v1alpha1",
		"gateway.networking.k8s.io/v1", "gateway.networking.k8s.io/v1beta1",
	}
}
