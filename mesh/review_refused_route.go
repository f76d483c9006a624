package mesh

import (
	"fmt"
	"reflect"

	"google.golang.org/protobuf/proto"
	networking "istio.io/api/networking/v1alpha3"
)

// maxRefusedFields is how many fields of one object are told: one is enough to refuse it.
const maxRefusedFields = 16

// refusedField is a field that Envoy refuses, and what it takes there.
type refusedField struct {
	field, wants string
	means        OutsideMeans
}

// fieldCheck looks at the fields of an object that Istio copies into what it sends to proxies.
type fieldCheck struct {
	found    []refusedField
	patterns patternCheck
	headers  headerFormat
}

// refuse notes a field of routes.
func (c *fieldCheck) refuse(field, wants string) { c.add(field, wants, MeansRefusedRoute) }

// add notes a field.
func (c *fieldCheck) add(field, wants string, means OutsideMeans) {
	if len(c.found) < maxRefusedFields {
		c.found = append(c.found, refusedField{field, wants, means})
	}
}

// stopped reports whether enough is known.
func (c *fieldCheck) stopped() bool { return len(c.found) == maxRefusedFields }

// refusedRoutes returns the fields of the object under review for which Envoy refuses routes or clusters, and that neither the schemas
// of the CRDs nor Istio look at. It takes a route configuration, which all hosts of a port share, as a whole or not at all, and with it
// whatever came in the same answer. Proxies that run keep what they have, so that a host that is declared afterwards goes on as the
// application writes it, and those that start have no routes. Here these are the routes of port 80, for all hosts:
//
//	kind: DestinationRule
//	spec:
//	  host: mine.team-a.svc.cluster.local
//	  trafficPolicy: {loadBalancer: {consistentHash: {httpHeaderName: ""}}}   # "HeaderName: value length must be at least 1"
//
// The rules are those of Envoy's API (envoy/config/route/v3/route_components.pb.validate.go in go-control-plane), of its formatter
// (headerFormat) and of its regular expressions (patternCheck). An update that leaves the spec alone has none, and
// neither has a route that is for Gateways of other implementations alone, whose proxies may take it.
func (s *Snapshot) refusedRoutes(object, stored *Object) []OutsideModel {
	c := &fieldCheck{patterns: patternCheck{version: s.settings.Version}, headers: headerFormat{version: s.settings.Version}}
	switch spec := object.Spec.(type) {
	case *networking.DestinationRule:
		c.rule(spec)
	case *networking.VirtualService:
		c.virtualService(spec, object.Annotations[routeSemanticsAnnotation])
	case *KubernetesRoute:
		if !s.isForOthers(object) {
			c.kubernetesRoute(object.Kind, spec)
		}
	}
	if len(c.found) == 0 || stored != nil && sameRoutes(object, stored) {
		return nil
	}
	var found []OutsideModel
	for _, f := range c.found {
		found = append(found, OutsideModel{Field: f.field, StartsPlaintext: true, Means: f.means, Wants: f.wants})
	}
	return found
}

// sameRoutes reports whether two versions of an object make the same routes.
func sameRoutes(a, b *Object) bool {
	if a.Annotations[routeSemanticsAnnotation] != b.Annotations[routeSemanticsAnnotation] {
		return false
	}
	if _, isMessage := a.Spec.(proto.Message); isMessage {
		return sameSpec(a, b)
	}
	return reflect.DeepEqual(a.Spec, b.Spec)
}

// What Envoy takes.
const (
	wantsOneLine  = "text without line breaks"
	wantsName     = "a name, without line breaks"
	wantsStatus   = "a status from 200 to 599"
	wantsDuration = "a duration of more than nothing and less than 9223372036s"
	wantsWeights  = "weights whose sum is at most 4294967295"
	wantsCode     = "one of 301, 302, 303, 307 and 308"
	wantsPrefix   = "a prefix that is not empty"
	wantsSegments = "a path without ? and #"
	wantsMatch    = "exact, prefix or regex"
	wantsFewer    = "at most 1000 headers"
	wantsShort    = "at most 16384 bytes"
)

// isOneLine reports whether Envoy takes a text as a header's, whether or not it is one by the RFC (HTTP_HEADER_VALUE of
// protoc-gen-validate, strict: false).
func isOneLine(text string) bool {
	for i := range len(text) {
		if c := text[i]; c == 0 || c == '\n' || c == '\r' {
			return false
		}
	}
	return true
}

// maxHeaderBytes and maxHeaders are the limits of HeaderValue and of headers to add.
const (
	maxHeaderBytes = 16384
	maxHeaders     = 1000
)

// oneLine refuses a text that has line breaks.
func (c *fieldCheck) oneLine(field, text string) {
	if !isOneLine(text) {
		c.refuse(field, wantsOneLine)
	}
}

// keyed returns the path of an entry of a map.
func keyed(path, key string) string {
	if len(key) > 100 || !isOneLine(key) {
		return fmt.Sprintf("%s[%.100q]", path, key)
	}
	return path + "[" + key + "]"
}
