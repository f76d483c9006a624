//go:build chart

package chart

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/go-logr/logr"
	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/tlsward/tlsward/test/e2e/cluster"
)

// auditPolicy has the API server write down who did what, and nothing of the objects.
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules: [{level: Metadata}]
`

// plane is a control plane whose requests are written down.
type plane struct {
	config     *rest.Config
	clients    *kubernetes.Clientset
	objects    dynamic.Interface
	dir        string
	kubeconfig string
}

// startPlane starts a control plane with Istio's CRDs. It is ended with the test.
func startPlane(t *testing.T) *plane {
	t.Helper()
	log.SetLogger(logr.Discard()) // envtest's own
	assets, err := cluster.Assets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p := &plane{dir: t.TempDir()}
	p.write(t, "audit-policy.yaml", auditPolicy)
	env := &envtest.Environment{BinaryAssetsDirectory: assets}
	server := env.ControlPlane.GetAPIServer()
	server.Out, server.Err = io.Discard, io.Discard
	server.Configure().Set("audit-policy-file", filepath.Join(p.dir, "audit-policy.yaml"))
	server.Configure().Set("audit-log-path", filepath.Join(p.dir, "audit.log"))
	if p.config, err = env.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := env.Stop(); err != nil {
			t.Error(err)
		}
	})
	p.config.QPS, p.config.Burst = 500, 1000
	p.kubeconfig = filepath.Join(p.dir, "admin.kubeconfig")
	if err := os.WriteFile(p.kubeconfig, env.KubeConfig, 0o600); err != nil {
		t.Fatal(err)
	}
	if p.clients, err = kubernetes.NewForConfig(p.config); err != nil {
		t.Fatal(err)
	}
	if p.objects, err = dynamic.NewForConfig(p.config); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *plane) write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// installCRDs brings Istio's kinds.
func (p *plane) installCRDs(t *testing.T) {
	t.Helper()
	file, err := cluster.IstioCRDs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := envtest.InstallCRDs(p.config, envtest.CRDInstallOptions{Paths: []string{file}}); err != nil {
		t.Fatal(err)
	}
}

// account writes a kubeconfig for a service account, with a token as its pods get one.
func (p *plane) account(t *testing.T, namespace, name string) string {
	t.Helper()
	hour := int64(3600)
	token, err := p.clients.CoreV1().ServiceAccounts(namespace).CreateToken(t.Context(), name,
		&authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &hour}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c := api.NewConfig()
	c.Clusters["test"] = &api.Cluster{Server: p.config.Host, CertificateAuthorityData: p.config.CAData}
	c.AuthInfos["account"] = &api.AuthInfo{Token: token.Status.Token}
	c.Contexts["test"] = &api.Context{Cluster: "test", AuthInfo: "account"}
	c.CurrentContext = "test"
	path := filepath.Join(p.dir, name+".kubeconfig")
	if err := clientcmd.WriteToFile(*c, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// request is what the audit log holds of one request.
type request struct {
	Verb string `json:"verb"`
	User struct {
		Username string `json:"username"`
	} `json:"user"`
	ObjectRef struct {
		Resource, Subresource, Namespace, Name, APIGroup string
	} `json:"objectRef"`
	ResponseStatus struct {
		Code int `json:"code"`
	} `json:"responseStatus"`
}

// String names a request as a rule of a role would.
func (r request) String() string {
	return fmt.Sprintf("%s %s/%s", r.Verb, r.ObjectRef.APIGroup, r.ObjectRef.Resource)
}

// requests returns what a user has asked of the API server so far.
func (p *plane) requests(_ context.Context, user string) ([]request, error) {
	file, err := os.Open(filepath.Join(p.dir, "audit.log"))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var out []request
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r request
		if json.Unmarshal(lines.Bytes(), &r) == nil && r.User.Username == user && r.ObjectRef.Resource != "" {
			out = append(out, r)
		}
	}
	return out, lines.Err()
}
