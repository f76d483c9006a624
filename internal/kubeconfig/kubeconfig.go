// Package kubeconfig finds the API server. What is asked of it does not belong here.
package kubeconfig

import (
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Load returns how to reach the API server. It is the cluster of the kubeconfig file at path; where path is "" that of
// $KUBECONFIG, else of ~/.kube/config, else of the pod's service account, in the order of client-go.
func Load(path string) (*rest.Config, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = path
	c, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, nil).ClientConfig()
	if err != nil {
		return nil, err
	}
	c.UserAgent = "tlsward"
	return c, nil
}
