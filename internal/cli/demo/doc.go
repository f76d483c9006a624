// Package demo shows what tlsward does, without a cluster: it starts the real server on loopback and plays scenarios
// of Istio's documentation to it, as an API server would, in AdmissionReviews over HTTPS.
//
// What is shown is what the server answers; nothing is decided here.
package demo
