package mesh

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// workloadKinds lists the kinds that are pods, or make pods of a template, with the path of the pod in them.
func workloadKinds() map[string]string {
	return map[string]string{
		"Pod": "", "ReplicationController": "spec.template.", "ReplicaSet": "spec.template.", "Deployment": "spec.template.",
		"StatefulSet": "spec.template.", "DaemonSet": "spec.template.", "Job": "spec.template.", "CronJob": "spec.jobTemplate.spec.template.",
	}
}

// IsWorkload reports whether an object is a pod, or makes pods.
func (r Ref) IsWorkload() bool { _, ok := workloadKinds()[r.Kind]; return ok }

// workloadGroup returns the API group of a kind of workloads.
func workloadGroup(kind string) string {
	switch kind {
	case "Pod", "ReplicationController":
		return ""
	case "Job", "CronJob":
		return "batch"
	}
	return "apps"
}

// Workload is what the mesh reads of a pod, or of the template of one.
type Workload struct {
	// Path is that of the pod in the object: "", "spec.template.".
	Path                string
	Labels, Annotations map[string]string
	HostNetwork         bool
	// Security are the paths of the settings by which its containers run as the proxy's user, or may change the network of the
	// pod.
	Security []string
	// OwnProxy are the paths of what a template puts in the place of the proxy that the injector would bring.
	OwnProxy []string
}

// pod is a pod, or its template, as JSON.
type pod struct {
	Metadata struct {
		Labels      map[string]string `json:"labels"`
		Annotations map[string]string `json:"annotations"`
	} `json:"metadata"`
	Spec struct {
		HostNetwork     bool            `json:"hostNetwork"`
		SecurityContext securityContext `json:"securityContext"`
		Containers      []container     `json:"containers"`
		InitContainers  []container     `json:"initContainers"`
		Ephemeral       []container     `json:"ephemeralContainers"`
	} `json:"spec"`
}

type container struct {
	Name            string          `json:"name"`
	Image           string          `json:"image"`
	Command         []string        `json:"command"`
	Args            []string        `json:"args"`
	SecurityContext securityContext `json:"securityContext"`
}

type securityContext struct {
	RunAsUser    *int64 `json:"runAsUser"`
	RunAsGroup   *int64 `json:"runAsGroup"`
	Privileged   bool   `json:"privileged"`
	Capabilities struct {
		Add []string `json:"add"`
	} `json:"capabilities"`
}

// decodeWorkload reads an object of a kind of workloads.
func decodeWorkload(kind string, raw json.RawMessage) (*Workload, error) {
	path := workloadKinds()[kind]
	for name := range strings.SplitSeq(strings.TrimSuffix(path, "."), ".") {
		if name == "" {
			break
		}
		var fields map[string]json.RawMessage
		if err := unmarshal(raw, &fields); err != nil {
			return nil, err
		}
		if raw = fields[name]; raw == nil {
			return &Workload{Path: path}, nil
		}
	}
	var p pod
	if err := unmarshal(raw, &p); err != nil {
		return nil, err
	}
	w := &Workload{Path: path, Labels: p.Metadata.Labels, Annotations: p.Metadata.Annotations, HostNetwork: p.Spec.HostNetwork}
	w.addSecurity("spec.securityContext", p.Spec.SecurityContext)
	w.addContainers("spec.containers", p.Spec.Containers)
	w.addContainers("spec.initContainers", p.Spec.InitContainers)
	w.addContainers("spec.ephemeralContainers", p.Spec.Ephemeral)
	if path != "" && p.Metadata.Annotations[overridesKey] != "" {
		w.OwnProxy = append(w.OwnProxy, "metadata.annotations["+overridesKey+"]")
	}
	return w, nil
}

// proxyUser is the user and the group as which Istio's proxy runs: what they send, the pod's iptables let pass
// (tools/istio-iptables/pkg/constants/constants.go DefaultProxyUID).
const proxyUser = 1337

// injectedContainers are those that Istio itself puts into a pod.
func injectedContainers() []string { return []string{"istio-proxy", "istio-init", "istio-validation"} }

// overridesKey is the annotation in which the injector keeps what a pod has of its containers before it; it lays that over them again
// (pkg/kube/inject/webhook.go reapplyOverwrittenContainers).
const overridesKey = "proxy.istio.io/overrides"

// addContainers adds what containers may do. One that the injector brings as well is laid over the injector's: a template's own
// command, arguments or image are then those of the proxy. In a pod that was injected they are Istio's.
func (w *Workload) addContainers(path string, containers []container) {
	for i, c := range containers {
		at := fmt.Sprintf("%s[%d].", path, i)
		switch {
		case !slices.Contains(injectedContainers(), c.Name):
			w.addSecurity(at+"securityContext", c.SecurityContext)
		case w.Path == "":
		case len(c.Command) > 0:
			w.OwnProxy = append(w.OwnProxy, at+"command")
		case len(c.Args) > 0:
			w.OwnProxy = append(w.OwnProxy, at+"args")
		case c.Image != "" && c.Image != "auto":
			w.OwnProxy = append(w.OwnProxy, at+"image")
		}
	}
}

func (w *Workload) addSecurity(path string, c securityContext) {
	for _, as := range []struct {
		name string
		id   *int64
	}{{"runAsUser", c.RunAsUser}, {"runAsGroup", c.RunAsGroup}} {
		if as.id != nil && *as.id == proxyUser {
			w.Security = append(w.Security, path+"."+as.name)
		}
	}
	if c.Privileged {
		w.Security = append(w.Security, path+".privileged")
	}
	if slices.ContainsFunc(c.Capabilities.Add, func(name string) bool {
		return slices.Contains([]string{"NET_ADMIN", "SYS_ADMIN", "ALL"}, strings.ToUpper(name))
	}) {
		w.Security = append(w.Security, path+".capabilities.add")
	}
}
