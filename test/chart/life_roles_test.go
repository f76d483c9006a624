//go:build chart

package chart

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// verbsUsed holds every verb of every role against what the servers asked for.
func verbsUsed(t *testing.T, r *release) {
	asked, err := r.plane.requests(t.Context(), "system:serviceaccount:"+releaseNamespace+":"+releaseName)
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, q := range asked {
		used[q.String()] = true
		if q.ResponseStatus.Code == http.StatusForbidden && q.ObjectRef.Name != "tlsward-probe" && q.ObjectRef.Name != "other" {
			t.Errorf("forbidden: %s %s", q, q.ObjectRef.Name)
		}
	}
	var held []string
	for _, rule := range r.rules(t) {
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				for _, verb := range rule.Verbs {
					held = append(held, fmt.Sprintf("%s %s/%s", verb, group, resource))
				}
			}
		}
	}
	slices.Sort(held)
	for _, verb := range slices.Compact(held) {
		if !used[verb] && !rare[verb] {
			t.Errorf("granted and never used: %s", verb)
		}
	}
	for verb := range rare {
		if !slices.Contains(held, verb) {
			t.Errorf("%s is excused, and not even granted", verb)
		}
	}
}

// rare are verbs that this test does not see used, each with its reason.
var rare = func() map[string]bool {
	out := map[string]bool{
		// Asked for by the API server itself, in the course of a patch that makes a new object.
		"create coordination.k8s.io/leases":              true,
		"create security.istio.io/authorizationpolicies": true,
		// API servers before 1.34, and those that cannot stream a list, are asked for one.
		"list /services":        true,
		"get /services":         true, // a write that was admitted and has not been seen to arrive is looked up
		"list /namespaces":      true,
		"list /configmaps":      true,
		"list apps/deployments": true,
		// A companion is taken away when a person's rule is there, and looked up before.
		"delete networking.istio.io/destinationrules": true,
		"create networking.istio.io/destinationrules": true, // asked for in the course of a patch that makes one
		"patch networking.istio.io/destinationrules":  true,
	}
	out["list tlsward.io/exemptions"] = true                  // as above
	out["patch tlsward.io/exemptions/status"] = true          // there are none
	for _, verb := range []string{"get", "create", "patch"} { // nothing stays wrong for long enough here
		out[verb+" events.k8s.io/events"] = true
	}
	for _, resource := range []string{"networking.istio.io/serviceentries", "networking.istio.io/destinationrules",
		"networking.istio.io/virtualservices", "networking.istio.io/gateways", "networking.istio.io/sidecars",
		"networking.istio.io/workloadentries", "networking.istio.io/envoyfilters", "networking.istio.io/proxyconfigs", "networking.k8s.io/ingresses",
		"security.istio.io/authorizationpolicies", "security.istio.io/peerauthentications", "security.istio.io/requestauthentications",
		"extensions.istio.io/wasmplugins", "extensions.istio.io/trafficextensions"} {
		out["list "+resource] = true // as above
		out["get "+resource] = true  // a write that was admitted and has not been seen to arrive is looked up
	}
	for _, resource := range []string{"backendtlspolicies", "gateways", "gatewayclasses", "grpcroutes", "httproutes", "listenersets", "referencegrants", "tcproutes", "tlsroutes"} { // the CRDs of the Gateway API are not installed here
		for _, verb := range []string{"get", "list", "watch"} {
			out[verb+" gateway.networking.k8s.io/"+resource] = true
		}
	}
	for _, resource := range []string{"openreports.io/reports", "openreports.io/clusterreports", "wgpolicyk8s.io/policyreports",
		"wgpolicyk8s.io/clusterpolicyreports"} { // the CRDs of reports are not installed here
		for _, verb := range []string{"list", "create", "patch", "delete"} {
			out[verb+" "+resource] = true
		}
	}
	return out
}()

func (r *release) rules(t *testing.T) []rbacv1.PolicyRule {
	t.Helper()
	var out []rbacv1.PolicyRule
	roles, err := r.plane.clients.RbacV1().Roles("").List(t.Context(), metav1.ListOptions{LabelSelector: "app.kubernetes.io/instance=" + releaseName})
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range roles.Items {
		out = append(out, role.Rules...)
	}
	all, err := r.plane.clients.RbacV1().ClusterRoles().List(t.Context(), metav1.ListOptions{LabelSelector: "app.kubernetes.io/instance=" + releaseName})
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range all.Items {
		if !strings.Contains(role.Name, "-exemption-") { // those are people's
			out = append(out, role.Rules...)
		}
	}
	return out
}
