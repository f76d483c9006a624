//go:build cluster

package cluster

import (
	"cmp"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/tlsward/tlsward/test/chart/helm"
	"github.com/tlsward/tlsward/test/cluster/node"
	"github.com/tlsward/tlsward/test/e2e/cluster"
)

const (
	releaseName      = "tlsward"
	releaseNamespace = "tlsward-system"
)

// site is a cluster with helm, and the references of two images of the program: an upgrade goes from one to the other.
type site struct {
	t           *testing.T
	config      *rest.Config
	clients     *kubernetes.Clientset
	objects     dynamic.Interface
	helm        helm.Helm
	image, next string
}

func newSite(t *testing.T) *site {
	t.Helper()
	log.SetLogger(logr.Discard()) // envtest's own
	h, err := helm.New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, helm: h, image: "tlsward.test/tlsward:v1", next: "tlsward.test/tlsward:v2"}
	if image := os.Getenv("TLSWARD_IMAGE"); image != "" {
		s.image, s.next = image, cmp.Or(os.Getenv("TLSWARD_IMAGE_NEXT"), image)
		s.helm.Kubeconfig = os.Getenv("KUBECONFIG")
	} else {
		s.startNode()
	}
	if s.config, err = clientcmd.BuildConfigFromFlags("", s.helm.Kubeconfig); err != nil {
		t.Fatal(err)
	}
	s.config.QPS, s.config.Burst = 100, 200
	if s.clients, err = kubernetes.NewForConfig(s.config); err != nil {
		t.Fatal(err)
	}
	if s.objects, err = dynamic.NewForConfig(s.config); err != nil {
		t.Fatal(err)
	}
	return s
}

// startNode makes this machine a cluster that holds both images.
func (s *site) startNode() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Minute)
	defer cancel()
	n, err := node.Start(ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if s.t.Failed() {
			s.t.Log("kubelet: " + n.Tail("kubelet"))
		}
		n.Stop(context.Background())
	})
	s.helm.Kubeconfig = n.Kubeconfig()
	binary := s.build()
	for _, name := range []string{s.image, s.next} {
		if err := n.Load(ctx, node.Image{Name: name, Binary: binary, User: "65532:65532"}); err != nil {
			s.t.Fatal(err)
		}
	}
}

// build makes the static binary that is in the image.
func (s *site) build() string {
	s.t.Helper()
	root, err := cluster.Root()
	if err != nil {
		s.t.Fatal(err)
	}
	path := filepath.Join(s.t.TempDir(), "tlsward")
	cmd := exec.CommandContext(s.t.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, "./cmd/tlsward")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		s.t.Fatalf("%v\n%s", err, out)
	}
	return path
}

func (s *site) installCRDs(t *testing.T) {
	t.Helper()
	file, err := cluster.IstioCRDs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := envtest.InstallCRDs(s.config, envtest.CRDInstallOptions{Paths: []string{file}}); err != nil {
		t.Fatal(err)
	}
}

// run runs helm in the release's namespace.
func (s *site) run(t *testing.T, args ...string) string {
	t.Helper()
	out, err := s.helm.Run(t.Context(), append(args, "-n", releaseNamespace)...)
	if err != nil {
		s.describe(t)
		t.Fatal(err)
	}
	return out
}

// await waits until holds returns "", which says what is still missing.
func await(t *testing.T, what string, holds func(context.Context) string) {
	t.Helper()
	last := ""
	for end := time.Now().Add(3 * time.Minute); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		if last = holds(t.Context()); last == "" {
			return
		}
	}
	t.Fatalf("%s: %s", what, last)
}
