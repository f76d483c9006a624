// Package webhook serves the two admission webhooks with controller-runtime: one admission.Webhook for /mutate and one
// for /validate, and around them what a server in front of every change of a cluster needs: bounds, deadlines, a drain.
// Each of those is a small file of its own.
//
// What is decided is in package webhook/admission.
package webhook
