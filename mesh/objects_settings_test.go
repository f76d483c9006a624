package mesh

import "testing"

// A host without a dot is a Service's short name: Istio completes it with the namespace of the object that names it.
func TestQualify(t *testing.T) {
	settings := Settings{ClusterDomain: "example.local"}
	for _, c := range []struct{ name, host, want string }{
		{"a short name", "web", "web.default.svc.example.local"},
		{"a name with a dot is whole", "web.other", "web.other"},
		{"a wildcard with a dot is whole", "*.example.com", "*.example.com"},
		{"a wildcard without one is not", "*-api", "*-api.default.svc.example.local"},
		{"all hosts", "*", "*"},
		{"an IPv6 address", "2001:db8::1", "2001:db8::1"},
		{"none", "", ""},
	} {
		equal(t, c.name, settings.qualify(c.host, "default"), c.want)
	}
}

func TestParseServiceHost(t *testing.T) {
	settings := Settings{ClusterDomain: "example.local"}
	for _, c := range []struct {
		host, name, namespace string
		ok                    bool
	}{
		{"web.default.svc.example.local", "web", "default", true},
		{"web.default.svc.cluster.local", "", "", false},
		{"edition.cnn.com", "", "", false},
		{"default.svc.example.local", "default", "", false},
		{"pod.web.default.svc.example.local", "pod", "web.default", false},
	} {
		name, namespace, ok := settings.parseServiceHost(c.host)
		equal(t, c.host+": is one", ok, c.ok)
		if ok {
			equal(t, c.host, name+" "+namespace, c.name+" "+c.namespace)
		}
	}
}

func TestDefaultSettings(t *testing.T) {
	equal(t, "settings of an empty mesh", New(DefaultSettings()).Settings(), Settings{
		RootNamespace: "istio-system", IstiodNamespace: "istio-system", TrustDomain: "cluster.local", ClusterDomain: "cluster.local"})
}
