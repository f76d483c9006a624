package istiod

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/yaml"

	"github.com/tlsward/tlsward/mesh"
)

// deployment returns a Deployment like that of Istio's chart; more is YAML of its container, and volumes that of its pod's.
func deployment(t *testing.T, more, volumes string) *appsv1.Deployment {
	t.Helper()
	text := fmt.Sprintf(`
metadata: {name: istiod, namespace: istio-system, labels: {app.kubernetes.io/version: 1.30.2}}
spec: {template: {spec: {volumes: [%s], containers: [{name: logger, image: "x:9.9"}, {name: discovery, %s}]}}}`, volumes, more)
	d := &appsv1.Deployment{}
	if err := yaml.UnmarshalStrict([]byte(text), d); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return d
}

func TestDeploymentName(t *testing.T) {
	for revision, want := range map[string]string{"": "istiod", "default": "istiod", "canary": "istiod-canary"} {
		if have := DeploymentName(revision); have != want {
			t.Errorf("revision %q: %s, want %s", revision, have, want)
		}
	}
}

func TestReadDeployment(t *testing.T) {
	for name, c := range map[string]struct {
		container, volumes string
		want               Deployment
	}{
		"as the chart has it": {
			container: `image: "registry.example/istio/pilot:1.31.0-distroless", args: [discovery, --domain, corp.internal], env: [{name: REVISION, value: default},
			  {name: POD_NAMESPACE, valueFrom: {fieldRef: {fieldPath: metadata.namespace}}}], volumeMounts: [{name: token, mountPath: /var/run/secrets}]`,
			volumes: `{name: token, emptyDir: {}}`,
			want:    Deployment{Version: "1.31.0", ClusterDomain: "corp.internal", Environment: map[string]string{"REVISION": "default", "POD_NAMESPACE": "istio-system"}},
		},
		"an image by its digest": {container: `image: "istio/pilot@sha256:aa", args: ["--domain=corp.internal"]`,
			want: Deployment{Version: "1.30.2", ClusterDomain: "corp.internal"}},
		"a tag and a digest": {container: `image: "registry:5000/istio/pilot:v1.31@sha256:aa"`, want: Deployment{Version: "1.31", ClusterDomain: "cluster.local"}},
		"the last variable of a name": {container: `env: [{name: A, value: "1"}, {name: A, value: "2"}, {name: B, valueFrom: {secretKeyRef: {name: s, key: k}}}, {name: B, value: "3"}]`,
			want: Deployment{Version: "1.30.2", ClusterDomain: "cluster.local", Environment: map[string]string{"A": "2", "B": "3"}}},
		"values from elsewhere": {container: `env: [{name: A, valueFrom: {secretKeyRef: {name: s, key: k}}}, {name: B, valueFrom: {configMapKeyRef: {name: c, key: k}}},
			  {name: C, value: $(A)}, {name: D, valueFrom: {resourceFieldRef: {resource: limits.cpu}}}], envFrom: [{configMapRef: {name: all}}, {prefix: P_, secretRef: {name: some}}]`,
			want: Deployment{Version: "1.30.2", ClusterDomain: "cluster.local",
				Hidden: []string{"A: Secret s", "B: ConfigMap c", "C: other variables", "D: its pod", "*: ConfigMap all", "P_*: Secret some"}}},
		"its own ConfigMap as a file": {container: `volumeMounts: [{name: config, mountPath: /etc/istio/config}]`, volumes: `{name: config, configMap: {name: istio}}`,
			want: Deployment{Version: "1.30.2", ClusterDomain: "cluster.local"}},
		"another file": {container: `args: [--meshConfig, /mine/mesh], volumeMounts: [{name: config, mountPath: /mine/}]`, volumes: `{name: config, configMap: {name: mine}}`,
			want: Deployment{Version: "1.30.2", ClusterDomain: "cluster.local", MountedMeshConfig: "config"}},
		"a mount beside it": {container: `volumeMounts: [{name: config, mountPath: /etc/istio/conf}]`, volumes: `{name: config, emptyDir: {}}`,
			want: Deployment{Version: "1.30.2", ClusterDomain: "cluster.local"}},
	} {
		t.Run(name, func(t *testing.T) {
			if c.want.Environment == nil {
				c.want.Environment = map[string]string{}
			}
			have := ReadDeployment(deployment(t, c.container, c.volumes))
			if !slices.Equal(have.Hidden, c.want.Hidden) {
				t.Errorf("hidden %q, want %q", have.Hidden, c.want.Hidden)
			}
			have.Hidden = c.want.Hidden
			if !reflect.DeepEqual(*have, c.want) {
				t.Errorf("have %+v\nwant %+v", *have, c.want)
			}
		})
	}
	if have := ReadDeployment(&appsv1.Deployment{}); have.Version != "" || have.ClusterDomain != "cluster.local" {
		t.Errorf("without a container: %+v", *have)
	}
}

func TestMinor(t *testing.T) {
	for text, want := range map[string]struct {
		minor mesh.Version
		held  bool
	}{
		"": {"", true}, "1.30.4": {mesh.Version130, true}, "1.31": {mesh.Version131, true},
		"1.29.0": {mesh.Version130, false}, "1.9.1": {mesh.Version130, false}, "1.32.0": {mesh.Version131, false}, "2.0": {mesh.Version131, false},
	} {
		if minor, held := (&Deployment{Version: text}).minor(); minor != want.minor || held != want.held {
			t.Errorf("%q: %q, %t", text, minor, held)
		}
	}
}

func TestDeploymentOutsideModel(t *testing.T) {
	for name, c := range map[string]struct {
		deployment Deployment
		want       []string
	}{
		"what is followed, or as the model has it, or irrelevant": {deployment: Deployment{Version: "1.31.0", Environment: map[string]string{"REVISION": "canary",
			"SHARED_MESH_CONFIG": "shared", "PILOT_ENABLE_AMBIENT": "true", "PILOT_SCOPE_GATEWAY_TO_NAMESPACE": "1", "PILOT_TRACE_SAMPLING": "1", "MINE": "x"}}},
		"another value": {deployment: Deployment{Environment: map[string]string{"ISTIO_DUAL_STACK": "true"}}, want: []string{"ISTIO_DUAL_STACK=true: what requests"}},
		"a hidden one":  {deployment: Deployment{Hidden: []string{"ISTIO_DUAL_STACK: Secret s", "POD_NAME: its pod"}}, want: []string{"ISTIO_DUAL_STACK of Secret s, which is not read: what requests"}},
		"hidden, though followed": {deployment: Deployment{Hidden: []string{"REVISION: ConfigMap c"}},
			want: []string{"REVISION of ConfigMap c, which is not read: which objects"}},
		"all hidden":  {deployment: Deployment{Hidden: []string{"*: ConfigMap c"}}, want: []string{"all variables of ConfigMap c, which is not read"}},
		"the version": {deployment: Deployment{Version: "1.29.1"}, want: []string{"Istio 1.29.1: the model was not held against it, and does as 1.30"}},
		"a file":      {deployment: Deployment{MountedMeshConfig: "config"}, want: []string{"volume config: istiod may read its MeshConfig"}},
	} {
		t.Run(name, func(t *testing.T) {
			have := c.deployment.outsideModel()
			if len(have) != len(c.want) {
				t.Fatalf("have %q, want %q", have, c.want)
			}
			for i := range have {
				if !strings.HasPrefix(have[i], c.want[i]) {
					t.Errorf("have %q, want %q", have[i], c.want[i])
				}
			}
		})
	}
}
