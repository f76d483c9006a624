package serve

import (
	"context"
	"fmt"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	apps "k8s.io/client-go/kubernetes/typed/apps/v1"
	core "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"

	"github.com/tlsward/tlsward/internal/istiod"
	"github.com/tlsward/tlsward/webhook/informer"
)

// watchControlPlane lays what the cluster shows of istiod's configuration under the program's, and does so again when it
// changes; with it that of the control planes of other revisions, while they are there.
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
	watches := func(c *controlPlane) []everyReplica {
		return []everyReplica{
			r.watchDeployment(ofApps.RESTClient(), c),
			r.watchMeshConfig(ofCore.RESTClient(), c, c.meshConfig, &c.own),
			r.watchMeshConfig(ofCore.RESTClient(), c, c.shared, &c.common),
		}
	}
	for _, watch := range watches(r.istiod) {
		if err := r.s.group.Add(watch); err != nil {
			return err
		}
	}
	ofMetadata, err := metadata.NewForConfigAndClient(config, transport)
	if err != nil {
		return fmt.Errorf("connect to the API server: %w", err)
	}
	return r.s.group.Add(r.watchOthers(watches, r.watchTags(ofMetadata)))
}

// watchTags watches the webhook configurations that are tags, their metadata alone.
func (r *reloader) watchTags(client metadata.Interface) everyReplica {
	return informer.Labels{
		Client: client, Resource: admissionregistrationv1.SchemeGroupVersion.WithResource("mutatingwebhookconfigurations"), Selector: istiod.TagSelector,
		Changed: func(labels []map[string]string) {
			r.others.seeTags(labels)
			r.useControlPlane()
		},
		Failed: func(err error) {
			r.others.failTags(err)
			r.s.log.Warn("cannot read the tags of control planes", "error", err.Error())
		},
	}.Watch
}

// showControlPlane shows at /readyz?verbose and in metrics what a person should know.
func (r *reloader) showControlPlane() {
	r.s.health.Note("control plane", r.istiod.told)
	r.s.health.Note("other control planes", r.others.told)
	r.s.health.Note("revisions", func() string { return istiod.RevisionsNote(r.cache.View().Stored) })
	r.s.gaugeOf("control_planes", "Control planes of Istio in the cluster, by revision.",
		func() float64 { return float64(len(r.cache.View().Stored.Revisions())) })
	r.s.gaugeOf("control_planes_judged", "Control planes in whose mesh each review is judged.",
		func() float64 { return float64(len(r.cache.View().Stored.Meshes())) })
	r.s.gaugeOf("mesh_config_refused", "1 while the newest MeshConfig of the cluster is refused.",
		func() float64 { refused, _, _ := r.istiod.counts(); return refused })
	r.s.gaugeOf("mesh_config_contradictions", "Where the configuration says something else than the cluster's control plane.",
		func() float64 { _, contradicted, _ := r.istiod.counts(); return contradicted })
	r.s.gaugeOf("mesh_config_outside_model", "What of MeshConfig and istiod's Deployment may move what leaves the mesh, and is not followed.",
		func() float64 { _, _, outside := r.istiod.counts(); return outside })
}

func (r *reloader) watchDeployment(client rest.Interface, c *controlPlane) everyReplica {
	return func(ctx context.Context) error {
		return c.deployment.follow(ctx, func(ctx context.Context, name string) error {
			return informer.Object{
				Client: client, Resource: "deployments", Namespace: r.s.IstioNamespace, Name: name, Type: &appsv1.Deployment{},
				Changed: func(o runtime.Object) {
					found, _ := o.(*appsv1.Deployment)
					r.deploymentChanged(c, name, found)
				},
				Failed: func(err error) { r.cannotRead(c, "Deployment", name, &c.deployed.unread, err) },
			}.Watch(ctx)
		})
	}
}

func (r *reloader) watchMeshConfig(client rest.Interface, c *controlPlane, name *watchedName, of *seenMeshConfig) everyReplica {
	return func(ctx context.Context) error {
		return name.follow(ctx, func(ctx context.Context, name string) error {
			return informer.Object{
				Client: client, Resource: "configmaps", Namespace: r.s.IstioNamespace, Name: name, Type: &corev1.ConfigMap{},
				Changed: func(o runtime.Object) {
					found, _ := o.(*corev1.ConfigMap)
					r.meshConfigChanged(c, of, name, found)
				},
				Failed: func(err error) { r.cannotRead(c, "ConfigMap", name, &of.unread, err) },
			}.Watch(ctx)
		})
	}
}

func (r *reloader) cannotRead(c *controlPlane, kind, name string, unread *error, err error) {
	c.fail(unread, err)
	r.s.log.Warn("cannot read how istiod is configured", "kind", kind, "object", r.s.IstioNamespace+"/"+name, "error", err.Error())
}

// deploymentChanged puts what a Deployment, which may be nil, says into force.
func (r *reloader) deploymentChanged(c *controlPlane, name string, found *appsv1.Deployment) {
	name = r.s.IstioNamespace + "/" + name
	if found == nil {
		c.see(nil)
		r.s.log.Warn("no Deployment of istiod: its version and flags are taken to be the usual ones", "deployment", name)
	} else {
		read := istiod.ReadDeployment(found)
		c.see(read)
		r.s.log.Info("istiod", "deployment", name, "version", read.Version)
	}
	r.useControlPlane()
}

// meshConfigChanged puts the MeshConfig of a ConfigMap, which may be nil, into force.
func (r *reloader) meshConfigChanged(c *controlPlane, of *seenMeshConfig, name string, found *corev1.ConfigMap) {
	name = r.s.IstioNamespace + "/" + name
	if err := c.seeMeshConfig(of, found); err != nil {
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
