package mesh

import networking "istio.io/api/networking/v1alpha3"

func ruleSpec(o *Object) *networking.DestinationRule { return o.Spec.(*networking.DestinationRule) }

func gatewaySpec(o *Object) *networking.Gateway { return o.Spec.(*networking.Gateway) }

func sidecarSpec(o *Object) *networking.Sidecar { return o.Spec.(*networking.Sidecar) }
