package envoy

import (
	"testing"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"sigs.k8s.io/yaml"
)

func TestMatchRoute(t *testing.T) {
	get := Request{Host: "a.example.com", Method: "GET", Path: "/shop/cart?sort=up", Headers: map[string]string{"x-user": "ann", "x-age": "7"}}
	open := Request{Host: "a.example.com"}
	for _, tc := range []struct {
		name, match string
		Request
		want truth
	}{
		{"prefix", "{prefix: /shop}", get, yes},
		{"another prefix", "{prefix: /Shop}", get, no},
		{"letter case does not matter", "{prefix: /Shop, case_sensitive: false}", get, yes},
		{"a path without its query", "{path: /shop/cart}", get, yes},
		{"a part of the path", "{path: /shop}", get, no},
		{"a prefix up to a slash", "{path_separated_prefix: /shop}", get, yes},
		{"a prefix within a name", "{path_separated_prefix: /sho}", get, no},
		{"a regular expression for all of the path", "{safe_regex: {regex: '/shop/c.*'}}", get, yes},
		{"a regular expression for a part", "{safe_regex: {regex: '/shop'}}", get, no},
		{"a regular expression of alternatives", "{safe_regex: {regex: '/x|/shop/cart'}}", get, yes},
		{"a regular expression that is none", "{safe_regex: {regex: '('}}", get, maybe},
		{"a template", "{path_match_policy: {name: x}}", get, maybe},
		{"any path of a request without one", "{prefix: /}", open, yes},
		{"some path of a request without one", "{prefix: /shop}", open, maybe},
		{"CONNECT", "{connect_matcher: {}}", Request{Method: "CONNECT"}, yes},
		{"CONNECT for GET", "{connect_matcher: {}}", get, no},
		{"CONNECT has no path", "{prefix: /}", Request{Method: "CONNECT"}, no},
		{"a header", "{prefix: /, headers: [{name: X-User, string_match: {exact: ann}}]}", get, yes},
		{"a header in an old form", "{prefix: /, headers: [{name: x-user, exact_match: ann}]}", get, yes},
		{"another header", "{prefix: /, headers: [{name: x-user, string_match: {exact: bob}}]}", get, no},
		{"a header inverted", "{prefix: /, headers: [{name: x-user, string_match: {exact: bob}, invert_match: true}]}", get, yes},
		{"a missing header inverted", "{prefix: /, headers: [{name: x-none, string_match: {exact: bob}, invert_match: true}]}", get, no},
		{"a missing header as empty", "{prefix: /, headers: [{name: x-none, string_match: {exact: bob}, invert_match: true, treat_missing_header_as_empty: true}]}", get, yes},
		{"a header's presence", "{prefix: /, headers: [{name: x-user, present_match: true}]}", get, yes},
		{"a header's absence", "{prefix: /, headers: [{name: x-none, present_match: false}]}", get, yes},
		{"no condition on a header", "{prefix: /, headers: [{name: x-none}]}", get, no},
		{"a range", "{prefix: /, headers: [{name: x-age, range_match: {start: 7, end: 8}}]}", get, yes},
		{"past a range", "{prefix: /, headers: [{name: x-age, range_match: {start: 6, end: 7}}]}", get, no},
		{"an unspecified header", "{prefix: /, headers: [{name: x-user, present_match: true}]}", open, maybe},
		{"the method", "{prefix: /, headers: [{name: ':method', string_match: {exact: GET}}]}", get, yes},
		{"an unspecified method", "{prefix: /, headers: [{name: ':method', string_match: {exact: GET}}]}", open, maybe},
		{"the authority", "{prefix: /, headers: [{name: ':authority', string_match: {prefix: b}}]}", open, no},
		{"a query parameter", "{prefix: /, query_parameters: [{name: sort, string_match: {exact: up}}]}", get, yes},
		{"a query parameter that is not there", "{prefix: /, query_parameters: [{name: page, present_match: true}]}", get, no},
		{"half of the requests", "{prefix: /, runtime_fraction: {default_value: {numerator: 50}}}", get, maybe},
		{"none of the requests", "{prefix: /, runtime_fraction: {default_value: {numerator: 0}}}", get, no},
		{"all of the requests", "{prefix: /, runtime_fraction: {default_value: {numerator: 10000, denominator: TEN_THOUSAND}}}", get, yes},
		{"gRPC", "{prefix: /, grpc: {}}", Request{Path: "/", Headers: map[string]string{"content-type": "application/grpc+proto"}}, yes},
		{"no gRPC", "{prefix: /, grpc: {}}", get, no},
		{"the client's certificate", "{prefix: /, tls_context: {presented: true}}", get, maybe},
		{"what does not match and may", "{prefix: /x, tls_context: {presented: true}}", get, no},
	} {
		t.Run(tc.name, func(t *testing.T) {
			raw, err := yaml.YAMLToJSON([]byte(tc.match))
			if err != nil {
				t.Fatal(err)
			}
			var m routev3.RouteMatch
			if err := protojson.Unmarshal(raw, &m); err != nil {
				t.Fatal(err)
			}
			if got := matchRoute(&m, tc.Request); got != tc.want {
				t.Errorf("got %d, want %d", got, tc.want)
			}
		})
	}
}
