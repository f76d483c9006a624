// Package release uses a release as a newcomer would: it makes one for linux/amd64, twice, pushes it to a registry that
// runs in the test, pulls and verifies image, chart, signatures and SBOM, and installs the chart from there with the real
// helm on a real API server. It holds tests only, behind the build tag "release": `make test-release`.
package release
