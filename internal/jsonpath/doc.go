// Package jsonpath finds and changes values of decoded JSON by field paths as people write them:
// spec.trafficPolicy.portLevelSettings[0].tls.mode, metadata.labels[app.kubernetes.io/name].
//
// Decoded JSON is what encoding/json and sigs.k8s.io/json make of it: map[string]any, []any, strings, numbers, bools
// and nil. What a field means does not belong here, nor does where in a text it is written.
package jsonpath
