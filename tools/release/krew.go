package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// krewName is the file of the manifest: krew wants it to be that of the plugin.
const krewName = "tlsward.yaml"

// krew returns the manifest by which krew installs the archives as `kubectl tlsward`, from where they will be downloaded.
// https://krew.sigs.k8s.io/docs/developer-guide/plugin-manifest/
func (p plan) krew(programs []built) ([]byte, error) {
	var out strings.Builder
	out.WriteString(`apiVersion: krew.googlecontainertools.github.com/v1alpha2
kind: Plugin
metadata:
  name: tlsward
spec:
  version: v` + p.Version + `
  homepage: ` + home + `
  shortDescription: Judge egress TLS on Istio
  description: |
    Says how everything that leaves an Istio mesh leaves, who decided so, and what tlsward's admission
    webhooks would refuse: of manifests, of what is stored in a cluster, or of both.
  platforms:
`)
	for _, b := range programs {
		archive, err := os.ReadFile(filepath.Join(p.Dist, b.archive))
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&out, `  - selector: {matchLabels: {os: %s, arch: %s}}
    uri: %s/%s
    sha256: %x
    bin: %s
    files:
      - {from: %s, to: .}
      - {from: LICENSE, to: .}
`, b.platform.OS, b.platform.Arch, strings.TrimSuffix(p.Downloads, "/"), b.archive, sha256.Sum256(archive), b.platform.executable(), b.platform.executable())
		if b.platform.OS != "windows" {
			fmt.Fprintf(&out, "      - {from: %q, to: %s}\n", manualDir+"/*.1", manualDir)
		}
	}
	return []byte(out.String()), nil
}
