// Package chart tests the Helm chart: what it renders for every value, and, on a real API server with the real helm,
// an installation's life from the first install to the uninstall, with servers that hold the chart's own roles and are
// started with the chart's own arguments, also beside the real cert-manager. It holds tests only, behind the build tag
// "chart": `make test-chart`, which also runs helm-unittest (pinned in unittest/) on charts/tlsward/tests.
package chart
