package serve

import (
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/tlsward/tlsward/internal/kubeconfig"
	"github.com/tlsward/tlsward/webhook"
	"github.com/tlsward/tlsward/webhook/informer"
)

// connect makes the manager; where nothing asks for a cluster, what runs the server without one.
func (s *server) connect() error {
	if s.Manifests != "" && !s.needsLeader() && s.PolicySelector == "" {
		s.group = &standalone{}
		return nil
	}
	config, err := kubeconfig.Load(s.Kubeconfig)
	if err != nil {
		return fmt.Errorf("find the API server (--kubeconfig; or --manifests to do without): %w", err)
	}
	options, err := s.managerOptions()
	if err != nil {
		return err
	}
	if s.manager, err = manager.New(meshConfig(config), options); err != nil {
		return fmt.Errorf("connect to the API server: %w", err)
	}
	s.rest, s.group = config, s.manager
	return nil
}

// meshConfig returns the configuration of the manager's clients: the objects of the mesh read themselves from JSON.
func meshConfig(config *rest.Config) *rest.Config {
	config = rest.CopyConfig(config)
	config.ContentType, config.AcceptContentTypes = runtime.ContentTypeJSON, runtime.ContentTypeJSON
	config.QPS, config.Burst = 50, 100
	return config
}

// managerOptions leave out what the program does itself (docs/adr/0014-controller-runtime.md): listeners are opened
// before the manager starts, and a lost election ends no server.
func (s *server) managerOptions() (manager.Options, error) {
	scheme := runtime.NewScheme()
	informer.AddToScheme(scheme)
	scheme.AddKnownTypes(corev1.SchemeGroupVersion, &corev1.ConfigMap{}, &corev1.ConfigMapList{})
	metav1.AddToGroupVersion(scheme, corev1.SchemeGroupVersion)
	configMaps, err := s.configMapCache()
	if err != nil {
		return manager.Options{}, err
	}
	grace := webhook.ShutdownTimeout + 5*time.Second
	return manager.Options{
		Scheme:                  scheme,
		Cache:                   cache.Options{ByObject: configMaps},
		Metrics:                 metricsserver.Options{BindAddress: "0"},
		HealthProbeBindAddress:  "0",
		GracefulShutdownTimeout: &grace,
	}, nil
}

// configMapCache returns which ConfigMaps the manager's cache holds: those with policies, and no others.
func (s *server) configMapCache() (map[client.Object]cache.ByObject, error) {
	if s.PolicySelector == "" {
		return nil, nil
	}
	if s.Namespace == "" {
		return nil, errors.New("--policy-selector needs --namespace")
	}
	selector, err := labels.Parse(s.PolicySelector)
	if err != nil {
		return nil, fmt.Errorf("--policy-selector: %w", err)
	}
	return map[client.Object]cache.ByObject{
		&corev1.ConfigMap{}: {Namespaces: map[string]cache.Config{s.Namespace: {LabelSelector: selector}}},
	}, nil
}
