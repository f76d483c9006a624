package mesh

import "testing"

func bypassesOf(t *testing.T, namespace, kind, spec string) string {
	t.Helper()
	s := New(DefaultSettings(), &Object{Ref: Ref{Kind: KindNamespace, Name: "shop"}, Labels: map[string]string{namespace: map[string]string{ambientLabel: ambientMode}[namespace] + map[string]string{injectionLabel: "enabled"}[namespace]}})
	o, err := Decode([]byte(`{"apiVersion": "` + kind + `, "metadata": {"name": "a", "namespace": "shop"}, "spec": ` + spec + `}`))
	if err != nil || o == nil {
		t.Fatalf("%v, %v", o, err)
	}
	text := ""
	for _, b := range s.Bypasses(o) {
		text += b.Field + " " + string(b.Means) + "\n"
	}
	return text
}

// What each field means is in the Suite that the chart's policy is held against; here is where it is found.
func TestBypasses(t *testing.T) {
	const pod = `v1", "kind": "Pod"`
	for name, c := range map[string]struct{ namespace, kind, spec, want string }{
		"a pod": {injectionLabel, pod, `{"hostNetwork": true}`, "spec.hostNetwork no-proxy\n"},
		"a template": {injectionLabel, `apps/v1", "kind": "DaemonSet"`, `{"template": {"metadata": {"annotations": {"traffic.sidecar.istio.io/excludeOutboundPorts": "80"}}}}`,
			"spec.template.metadata.annotations[traffic.sidecar.istio.io/excludeOutboundPorts] excluded\n"},
		"a template in a template": {ambientLabel, `batch/v1", "kind": "CronJob"`, `{"jobTemplate": {"spec": {"template": {"metadata": {"labels": {"istio.io/dataplane-mode": "none"}}}}}}`,
			"spec.jobTemplate.spec.template.metadata.labels[istio.io/dataplane-mode] no-proxy\n"},
		"no template":         {injectionLabel, `apps/v1", "kind": "Deployment"`, `{}`, ""},
		"no part of the mesh": {"app", pod, `{"hostNetwork": true}`, ""},
		"containers, each alone": {injectionLabel, pod, `{"containers": [{"name": "a"}, {"name": "b", "securityContext": {"runAsUser": 1337, "privileged": true}}], "initContainers": [{"name": "c", "securityContext": {"runAsGroup": 1337, "capabilities": {"add": ["NET_ADMIN"]}}}]}`,
			"spec.containers[1].securityContext.runAsUser privileged\nspec.containers[1].securityContext.privileged privileged\n" +
				"spec.initContainers[0].securityContext.runAsGroup privileged\nspec.initContainers[0].securityContext.capabilities.add privileged\n"},
		"other users and capabilities": {injectionLabel, pod, `{"securityContext": {"runAsUser": 1338}, "containers": [{"name": "a", "securityContext": {"runAsUser": 0, "capabilities": {"add": ["NET_BIND_SERVICE"]}}}]}`, ""},
	} {
		t.Run(name, func(t *testing.T) { equal(t, "bypasses", bypassesOf(t, c.namespace, c.kind, c.spec), c.want) })
	}
}

func TestWorkloadsOfOtherGroupsAreNotRead(t *testing.T) {
	for _, head := range []string{`"apiVersion": "apps.openshift.io/v1", "kind": "Deployment"`, `"apiVersion": "v1", "kind": "Job"`, `"apiVersion": "batch/v1", "kind": "Pod"`} {
		if o, err := Decode([]byte(`{` + head + `, "metadata": {"name": "a"}}`)); o != nil || err != nil {
			t.Errorf("%s: %v, %v", head, o, err)
		}
	}
}

// Careless: a directory above the proxy's files hides them as well, and its name may be written otherwise.
func TestMountsOverProxy(t *testing.T) {
	for path, want := range map[string]bool{
		"/etc/istio": true, "/etc/istio/": true, "etc": true, "/": true, "/etc/istio/proxy/envoy-rev.json": true,
		"/var/run/secrets": true, "/run": true, "/var/run/secrets/istio/root-cert.pem": true, "/usr/local/bin/envoy": true,
		"/etc/./istio": true, "/etc//istio": true, "/a/..": true, `/etc\u002fistio`: true, "/var/lib/istio/envoy": true,
		"/etc/istio/egressgateway-certs": false, "/etc/certs": false, "/etc/my-cert": false, "/var/run/secrets/vault": false,
		"/etc/ssl/certs": false, "/etc/.certs": false, "/opt/x/": false, "/libs": false,
	} {
		if got := mountsOverProxy(`{"volume": {"mountPath": "` + path + `", "readOnly": true}}`); got != want {
			t.Errorf("%s: %t, want %t", path, got, want)
		}
	}
}
