package istiod

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/tlsward/tlsward/mesh"
)

// Deployment is what the Deployment of an istiod says of how it runs.
type Deployment struct {
	// Environment are the variables whose value it says; of Hidden it only says where they come from: "NAME: Secret s".
	Environment map[string]string
	Hidden      []string
	// Version is Istio's, "1.31.0"; "" where neither the image's tag nor a label says it.
	Version string
	// ClusterDomain is the DNS domain of the cluster's Services.
	ClusterDomain string
	// MountedMeshConfig is the volume from which istiod reads its MeshConfig; "" where it reads its ConfigMap.
	MountedMeshConfig string
}

// DeploymentName returns the name of the Deployment of a revision's istiod
// (manifests/charts/istio-control/istio-discovery/templates/deployment.yaml).
func DeploymentName(revision string) string {
	if revision == "" || revision == "default" {
		return "istiod"
	}
	return "istiod-" + revision
}

// ReadDeployment reads the Deployment of an istiod.
func ReadDeployment(d *appsv1.Deployment) *Deployment {
	pod := &d.Spec.Template.Spec
	c := discovery(pod)
	read := &Deployment{
		Environment:   map[string]string{},
		Version:       cmp.Or(version(c.Image), version(":"+d.Labels["app.kubernetes.io/version"])),
		ClusterDomain: cmp.Or(argument(c.Args, "domain"), "cluster.local"),
	}
	for _, v := range c.Env {
		read.addVariable(d, v)
	}
	for _, from := range c.EnvFrom {
		switch {
		case from.ConfigMapRef != nil:
			read.Hidden = append(read.Hidden, from.Prefix+"*: ConfigMap "+from.ConfigMapRef.Name)
		case from.SecretRef != nil:
			read.Hidden = append(read.Hidden, from.Prefix+"*: Secret "+from.SecretRef.Name)
		}
	}
	read.MountedMeshConfig = mountedMeshConfig(pod, c, MeshConfigName(read.Environment["REVISION"]))
	return read
}

// discovery returns the container of istiod, an empty one where there is none.
func discovery(pod *corev1.PodSpec) *corev1.Container {
	i := max(0, slices.IndexFunc(pod.Containers, func(c corev1.Container) bool { return c.Name == "discovery" }))
	if i >= len(pod.Containers) {
		return &corev1.Container{}
	}
	return &pod.Containers[i]
}

// addVariable takes a variable; the last one of a name counts.
func (r *Deployment) addVariable(d *appsv1.Deployment, v corev1.EnvVar) {
	delete(r.Environment, v.Name)
	r.Hidden = slices.DeleteFunc(r.Hidden, func(h string) bool { return strings.HasPrefix(h, v.Name+": ") })
	from := v.ValueFrom
	switch {
	case from == nil && strings.Contains(v.Value, "$("):
		r.Hidden = append(r.Hidden, v.Name+": other variables")
	case from == nil:
		r.Environment[v.Name] = v.Value
	case from.FieldRef != nil && from.FieldRef.FieldPath == "metadata.namespace":
		r.Environment[v.Name] = d.Namespace
	case from.ConfigMapKeyRef != nil:
		r.Hidden = append(r.Hidden, v.Name+": ConfigMap "+from.ConfigMapKeyRef.Name)
	case from.SecretKeyRef != nil:
		r.Hidden = append(r.Hidden, v.Name+": Secret "+from.SecretKeyRef.Name)
	default:
		r.Hidden = append(r.Hidden, v.Name+": its pod")
	}
}

// version returns the version in an image's tag, "" where it has none: "1.31.0" of istio/pilot:1.31.0-distroless.
func version(image string) string {
	found := regexp.MustCompile(`:v?([0-9]+\.[0-9]+(\.[0-9]+)?)[^/:]*(@|$)`).FindStringSubmatch(image)
	if found == nil {
		return ""
	}
	return found[1]
}

// argument returns the value of a flag among arguments: "--NAME VALUE" or "--NAME=VALUE"; "" without it.
func argument(args []string, name string) string {
	for i, arg := range args {
		if value, ok := strings.CutPrefix(arg, "--"+name+"="); ok {
			return value
		}
		if arg == "--"+name && i+1 < len(args) {
			return args[i+1]
		}
	}
	return ""
}

// mountedMeshConfig returns the volume in which a file with the MeshConfig may be, which goes before the ConfigMap
// (pilot/pkg/bootstrap/mesh.go getConfigurationSources); "" where it is that of the same ConfigMap.
func mountedMeshConfig(pod *corev1.PodSpec, c *corev1.Container, configMap string) string {
	file := path.Join("/", cmp.Or(argument(c.Args, "meshConfig"), "./etc/istio/config/mesh"))
	for _, m := range c.VolumeMounts {
		if file != m.MountPath && !strings.HasPrefix(file, strings.TrimSuffix(m.MountPath, "/")+"/") {
			continue
		}
		for _, v := range pod.Volumes {
			if v.Name == m.Name && (v.ConfigMap == nil || v.ConfigMap.Name != configMap) {
				return v.Name
			}
		}
	}
	return ""
}

// minor returns the minor version that the model follows, and whether that is the Deployment's: one that it was not held
// against is taken for the nearest. It is "" where the Deployment does not say its version.
func (r *Deployment) minor() (followed mesh.Version, held bool) {
	if r.Version == "" {
		return "", true
	}
	known := mesh.Versions()
	for _, v := range known {
		if order := compareMinors(r.Version, string(v)); order <= 0 {
			return v, order == 0
		}
	}
	return known[len(known)-1], false
}

// compareMinors compares two versions by major and minor number, as cmp.Compare does.
func compareMinors(a, b string) int {
	numbers := func(version string) []int {
		var found []int
		for _, part := range strings.SplitN(version, ".", 3)[:2] {
			n, _ := strconv.Atoi(part)
			found = append(found, n)
		}
		return found
	}
	return slices.Compare(numbers(a), numbers(b))
}

// outsideModel returns what of the Deployment may move what the model says and is not followed, each with what hangs on it.
func (r *Deployment) outsideModel() []string {
	var found []string
	if minor, held := r.minor(); !held {
		found = append(found, fmt.Sprintf("Istio %s: the model was not held against it, and does as %s", r.Version, minor))
	}
	if r.MountedMeshConfig != "" {
		found = append(found, "volume "+r.MountedMeshConfig+": istiod may read its MeshConfig from a file in it, which goes before the ConfigMap")
	}
	for _, f := range movingFlags() {
		if value, ok := r.Environment[f.name]; ok && value != "" && !f.followed && !f.takes(value) {
			found = append(found, f.name+"="+value+": "+f.means)
		}
		for _, hidden := range r.Hidden {
			if name, from, _ := strings.Cut(hidden, ": "); name == f.name {
				found = append(found, f.name+" of "+from+", which is not read: "+f.means)
			}
		}
	}
	for _, hidden := range r.Hidden {
		if name, from, _ := strings.Cut(hidden, ": "); strings.HasSuffix(name, "*") {
			found = append(found, "all variables of "+from+", which is not read")
		}
	}
	return found
}
