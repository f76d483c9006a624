package serve

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	apps "k8s.io/client-go/kubernetes/typed/apps/v1"
	core "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"

	"github.com/tlsward/tlsward/internal/istiod"
	"github.com/tlsward/tlsward/webhook/informer"
)

// watchControlPlane lays what the cluster shows of istiod's configuration under the program's, and does so again when it
// changes.
func (r *reloader) watchControlPlane() error {
	if !r.istiod.awaited {
		return nil
	}
	r.showControlPlane()
	config, transport := r.s.manager.GetConfig(), r.s.manager.GetHTTPClient()
	ofCore, err := core.NewForConfigAndClient(config, transport)
	if err != nil {
		return fmt.Errorf("connect to the API server: %w", err)
	}
	ofApps, err := apps.NewForConfigAndClient(config, transport)
	if err != nil {
		return fmt.Errorf("connect to the API server: %w", err)
	}
	for _, watch := range []everyReplica{
		r.watchDeployment(ofApps.RESTClient()),
		r.watchMeshConfig(ofCore.RESTClient(), r.istiod.meshConfig, &r.istiod.own),
		r.watchMeshConfig(ofCore.RESTClient(), r.istiod.shared, &r.istiod.common),
	} {
		if err := r.s.group.Add(watch); err != nil {
			return err
		}
	}
	return nil
}

// showControlPlane shows at /readyz?verbose and in metrics what a person should know.
func (r *reloader) showControlPlane() {
	r.s.health.Note("control plane", r.istiod.told)
	r.s.health.Note("revisions", func() string { return istiod.RevisionsNote(r.cache.View().Stored) })
	r.s.gaugeOf("control_planes", "Control planes of Istio in the cluster, by revision. One is judged.",
		func() float64 { return float64(len(r.cache.View().Stored.Revisions())) })
	r.s.gaugeOf("mesh_config_refused", "1 while the newest MeshConfig of the cluster is refused.",
		func() float64 { refused, _, _ := r.istiod.counts(); return refused })
	r.s.gaugeOf("mesh_config_contradictions", "Where the configuration says something else than the cluster's control plane.",
		func() float64 { _, contradicted, _ := r.istiod.counts(); return contradicted })
	r.s.gaugeOf("mesh_config_outside_model", "What of MeshConfig and istiod's Deployment may move what leaves the mesh, and is not followed.",
		func() float64 { _, _, outside := r.istiod.counts(); return outside })
}

func (r *reloader) watchDeployment(client rest.Interface) everyReplica {
	return func(ctx context.Context) error {
		return r.istiod.deployment.follow(ctx, func(ctx context.Context, name string) error {
			return informer.Object{
				Client: client, Resource: "deployments", Namespace: r.s.IstioNamespace, Name: name, Type: &appsv1.Deployment{},
				Changed: func(o runtime.Object) {
					found, _ := o.(*appsv1.Deployment)
					r.deploymentChanged(name, found)
				},
				Failed: func(err error) { r.cannotRead("Deployment", name, &r.istiod.deployed.unread, err) },
			}.Watch(ctx)
		})
	}
}

func (r *reloader) watchMeshConfig(client rest.Interface, name *watchedName, of *seenMeshConfig) everyReplica {
	return func(ctx context.Context) error {
		return name.follow(ctx, func(ctx context.Context, name string) error {
			return informer.Object{
				Client: client, Resource: "configmaps", Namespace: r.s.IstioNamespace, Name: name, Type: &corev1.ConfigMap{},
				Changed: func(o runtime.Object) {
					found, _ := o.(*corev1.ConfigMap)
					r.meshConfigChanged(of, name, found)
				},
				Failed: func(err error) { r.cannotRead("ConfigMap", name, &of.unread, err) },
			}.Watch(ctx)
		})
	}
}

func (r *reloader) cannotRead(kind, name string, unread *error, err error) {
	r.istiod.fail(unread, err)
	r.s.log.Warn("cannot read how istiod is configured", "kind", kind, "object", r.s.IstioNamespace+"/"+name, "error", err.Error())
}

// deploymentChanged puts what a Deployment, which may be nil, says into force.
func (r *reloader) deploymentChanged(name string, found *appsv1.Deployment) {
	name = r.s.IstioNamespace + "/" + name
	if found == nil {
		r.istiod.see(nil)
		r.s.log.Warn("no Deployment of istiod: its version and flags are taken to be the usual ones", "deployment", name)
	} else {
		read := istiod.ReadDeployment(found)
		r.istiod.see(read)
		r.s.log.Info("istiod", "deployment", name, "version", read.Version)
	}
	r.useControlPlane()
}

// meshConfigChanged puts the MeshConfig of a ConfigMap, which may be nil, into force.
func (r *reloader) meshConfigChanged(of *seenMeshConfig, name string, found *corev1.ConfigMap) {
	name = r.s.IstioNamespace + "/" + name
	if err := r.istiod.seeMeshConfig(of, found); err != nil {
		err = fmt.Errorf("ConfigMap %s: %w", name, err)
		r.warnPod(configurationRefused, err)
		r.s.log.Error("MeshConfig refused; the last good one stays", "error", err.Error())
	} else {
		r.s.log.Info("MeshConfig applied", "configmap", name, "found", found != nil)
	}
	r.useControlPlane()
}

// useControlPlane puts what was last seen of the control plane into force.
func (r *reloader) useControlPlane() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.useMesh(r.config.Mesh, r.istiod.inForce()); err != nil {
		r.s.log.Error("what is known of the control plane does not fit the configuration", "error", err.Error())
	}
}
