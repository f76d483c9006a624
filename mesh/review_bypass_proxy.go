package mesh

import (
	"regexp"
	"slices"
	"strings"
)

// excludesApplicationPorts reports whether a list of ports has one that is none of the proxy's own, which Istio itself excludes: the
// injector writes these into pods whose traffic the CNI agent redirects (injection-template.yaml, cni/pkg/plugin/sidecar_redirect.go).
func excludesApplicationPorts(ports string) bool {
	return slices.ContainsFunc(strings.Split(ports, ","), func(port string) bool {
		return !slices.Contains([]string{"", "15020", "15021", "15090"}, strings.TrimSpace(port))
	})
}

// proxyMounts finds a mountPath over what the proxy reads and runs: its bootstrap, the pod's labels, certificates and tokens that the
// injector mounts (injection-template.yaml), and the programs and libraries of its image. A path with steps ("/etc/./istio"), or
// written with escapes, is held to be one, for nobody needs them. The chart's policy has the same expression, for CEL reads no JSON.
const proxyMounts = `(?i)\\|"mountPath"\s*:\s*"(` +
	`/?(etc(/istio(/(proxy|pod|custom-bootstrap)(/[^"]*)?)?)?|` +
	`(var/)?run(/secrets(/(istio|tokens|credential-uds|workload-spiffe-[^"/]*)(/[^"]*)?)?)?|` +
	`var(/lib(/istio(/[^"]*)?)?)?|` +
	`usr(/local(/bin(/[^"]*)?)?|/lib(64)?(/[^"]*)?)?|lib(64)?(/[^"]*)?|etc/ld\.so[^"]*)?/?"|` +
	`([^"]*/)?\.{1,2}(/[^"]*)?"|[^"]*//[^"]*")`

// mountsOverProxy reports whether volumes (JSON, each with a mountPath) hide files of the proxy: one at such a directory, above it or
// within.
func mountsOverProxy(mounts string) bool {
	return regexp.MustCompile(proxyMounts).MatchString(mounts)
}
