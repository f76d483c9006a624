package live

import (
	"errors"
	"fmt"
	"time"

	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd/api"
)

// How many requests a second the API server gets at most, and how many at once: as from kubectl (k8s.io/kubectl
// pkg/cmd/cmd.go, its discovery).
const (
	qps   = 50
	burst = 300
)

// patience bounds one request.
const patience = time.Minute

// Connect returns a client of the cluster that the flags name, and the namespace that they or their context do. It does
// not talk to the API server.
func Connect(flags *genericclioptions.ConfigFlags) (client dynamic.Interface, namespace string, err error) {
	config, namespace, err := Config(flags)
	if err != nil {
		return nil, "", err
	}
	if client, err = dynamic.NewForConfig(config); err != nil {
		return nil, "", fmt.Errorf("connect to the API server: %w", err)
	}
	return client, namespace, nil
}

// Config returns how to reach the cluster that the flags name, and the namespace that they or their context do.
func Config(flags *genericclioptions.ConfigFlags) (config *rest.Config, namespace string, err error) {
	if config, namespace, err = load(flags); err != nil {
		return nil, "", fmt.Errorf("find the cluster (--kubeconfig, --context; or -f PATH for manifests alone): %w", err)
	}
	config.UserAgent, config.QPS, config.Burst, config.Timeout = "tlsward", qps, burst, patience
	return config, namespace, nil
}

// load reads the kubeconfig file. Where nothing is configured kubectl takes a server on localhost:8080; here that is an error.
func load(flags *genericclioptions.ConfigFlags) (*rest.Config, string, error) {
	loader := flags.ToRawKubeConfigLoader()
	raw, err := loader.RawConfig()
	if err != nil {
		return nil, "", err
	}
	if _, err := rest.InClusterConfig(); err != nil && api.IsConfigEmpty(&raw) {
		return nil, "", errors.New("no kubeconfig file names one")
	}
	namespace, _, err := loader.Namespace()
	if err != nil {
		return nil, "", err
	}
	config, err := flags.ToRESTConfig()
	return config, namespace, err
}
