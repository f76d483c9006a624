package mesh

import networking "istio.io/api/networking/v1alpha3"

// ruleSpec returns the spec of a DestinationRule.
func ruleSpec(o *Object) *networking.DestinationRule { return o.Spec.(*networking.DestinationRule) }

// gatewaySpec returns the spec of an Istio Gateway.
func gatewaySpec(o *Object) *networking.Gateway { return o.Spec.(*networking.Gateway) }

// sidecarSpec returns the spec of a Sidecar.
func sidecarSpec(o *Object) *networking.Sidecar { return o.Spec.(*networking.Sidecar) }
