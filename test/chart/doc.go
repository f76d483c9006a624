// Package chart tests the Helm chart: what it renders for every value, and, on a real API server with the real helm,
// an installation's life from the first install to the uninstall, with servers that hold the chart's own roles and are
// started with the chart's own arguments. It holds tests only, behind the build tag "chart": `make test-chart`.
package chart
