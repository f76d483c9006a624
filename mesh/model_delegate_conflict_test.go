package mesh

import "testing"

// Whether a delegate's match asks for requests that the root's does not let through.
func TestHasConflict(t *testing.T) {
	for _, c := range []struct {
		name, root, leaf string
		want             bool
	}{
		{"nothing asked", `{}`, `{}`, false},
		{"asked by the root alone", `{uri: {exact: /a}, port: 80, gateways: [g]}`, `{}`, false},
		{"asked by the delegate alone", `{}`, `{uri: {exact: /a}, port: 80, gateways: [g], sourceNamespace: own, headers: {a: {exact: x}}}`, false},
		{"the same text", `{uri: {exact: /a}}`, `{uri: {exact: /a}}`, false},
		{"another text", `{uri: {exact: /a}}`, `{uri: {exact: /b}}`, true},
		{"a prefix is more than a text", `{uri: {exact: /a}}`, `{uri: {prefix: /a}}`, true},
		{"a text that begins so", `{uri: {prefix: /a}}`, `{uri: {exact: /ab}}`, false},
		{"a text that begins otherwise", `{uri: {prefix: /a}}`, `{uri: {exact: /b}}`, true},
		{"a longer prefix", `{uri: {prefix: /a}}`, `{uri: {prefix: /ab}}`, false},
		{"a shorter prefix", `{uri: {prefix: /ab}}`, `{uri: {prefix: /a}}`, true},
		{"an expression, whatever else", `{uri: {regex: .*}}`, `{uri: {exact: /a}}`, true},
		{"an expression, even the same", `{uri: {regex: .*}}`, `{uri: {regex: .*}}`, true},
		{"an expression of the delegate", `{uri: {prefix: /}}`, `{uri: {regex: .*}}`, true},
		{"an expression and nothing said", `{uri: {regex: .*}}`, `{uri: {}}`, true},
		{"nothing said by the root", `{uri: {}}`, `{uri: {exact: /a}}`, true},
		{"nothing said by the delegate, of a prefix", `{uri: {prefix: /}}`, `{uri: {}}`, true},
		{"nothing said by the delegate, of a text", `{uri: {exact: /}}`, `{uri: {}}`, true},
		{"the scheme", `{scheme: {exact: http}}`, `{scheme: {exact: https}}`, true},
		{"the method", `{method: {exact: GET}}`, `{method: {exact: PUT}}`, true},
		{"the authority", `{authority: {exact: a.com}}`, `{authority: {exact: b.com}}`, true},
		{"a header", `{headers: {a: {exact: x}}}`, `{headers: {b: {exact: z}, a: {exact: z}}}`, true},
		{"another header", `{headers: {a: {exact: x}}}`, `{headers: {b: {exact: z}}}`, false},
		{"an absent header", `{withoutHeaders: {a: {exact: x}}}`, `{withoutHeaders: {a: {exact: z}}}`, true},
		{"a parameter", `{queryParams: {a: {exact: x}}}`, `{queryParams: {a: {exact: z}}}`, true},
		{"whether case counts", `{ignoreUriCase: true}`, `{}`, true},
		{"the same port", `{port: 80}`, `{port: 80}`, false},
		{"another port", `{port: 80}`, `{port: 81}`, true},
		{"the root's namespace must be repeated", `{sourceNamespace: own}`, `{}`, true},
		{"and is", `{sourceNamespace: own}`, `{sourceNamespace: own}`, false},
		{"another namespace", `{sourceNamespace: own}`, `{sourceNamespace: other}`, true},
		{"labels", `{sourceLabels: {app: web}}`, `{sourceLabels: {app: curl}}`, true},
		{"other labels", `{sourceLabels: {app: web}}`, `{sourceLabels: {version: v1}}`, false},
		{"the same labels", `{sourceLabels: {app: web}}`, `{sourceLabels: {app: web}}`, false},
		{"the same gateways", `{gateways: [g, h]}`, `{gateways: [h, g]}`, false},
		{"fewer gateways", `{gateways: [g, h]}`, `{gateways: [h]}`, false},
		{"more gateways", `{gateways: [g]}`, `{gateways: [g, h]}`, true},
		{"as many, of which one is twice", `{gateways: [g]}`, `{gateways: [g, g]}`, true},
		{"other gateways", `{gateways: [g]}`, `{gateways: [h]}`, true},
	} {
		root, leaf := httpRoute(t, "{match: ["+c.root+"]}").Match[0], httpRoute(t, "{match: ["+c.leaf+"]}").Match[0]
		equal(t, c.name, hasConflict(root, leaf), c.want)
	}
}
