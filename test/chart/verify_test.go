//go:build chart

package chart

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestWatchOfProxies runs what the chart's Deployment of the watch runs, under its account: nothing is forbidden, and what it found is
// in the report. No node runs the pod, so that its proxy cannot be asked.
func TestWatchOfProxies(t *testing.T) {
	p := startPlane(t)
	p.installCRDs(t)
	r := newRelease(t, p)
	r.install("verify.enabled=true", "verify.interval=1s")
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "app", Namespace: "default"}, Spec: corev1.PodSpec{
		Containers: []corev1.Container{{Name: "app", Image: "app"}, {Name: "istio-proxy", Image: "proxy"}}}}
	made, err := p.clients.CoreV1().Pods("default").Create(t.Context(), pod, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	made.Status.Phase = corev1.PodRunning
	if _, err := p.clients.CoreV1().Pods("default").UpdateStatus(t.Context(), made, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	const account = releaseName + "-verify"
	watch := exec.CommandContext(t.Context(), r.binary, append(r.watchArgs(t), "--kubeconfig="+p.account(t, releaseNamespace, account))...)
	written := filepath.Join(p.dir, "watch.log")
	file, err := os.Create(written)
	if err != nil {
		t.Fatal(err)
	}
	log := func() string {
		text, err := os.ReadFile(written)
		if err != nil {
			t.Error(err)
		}
		return string(text)
	}
	watch.Stderr = file
	if err := watch.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = watch.Process.Kill()
		_ = watch.Wait()
		_ = file.Close()
		if t.Failed() {
			t.Log(log())
		}
	})
	r.await("two rounds, the last of which is kept", func() string {
		if strings.Count(log(), `"msg":"compared"`) < 2 {
			return "the log is\n" + log()
		}
		_, err := p.clients.CoreV1().ConfigMaps(releaseNamespace).Get(t.Context(), account, metav1.GetOptions{})
		if err != nil {
			return err.Error()
		}
		return ""
	})
	asked, err := p.requests(t.Context(), "system:serviceaccount:"+releaseNamespace+":"+account)
	if err != nil {
		t.Fatal(err)
	}
	forwards := 0
	for _, q := range asked {
		if q.ResponseStatus.Code == http.StatusForbidden {
			t.Errorf("forbidden: %s %s", q, q.ObjectRef.Name)
		}
		if q.ObjectRef.Subresource == "portforward" {
			forwards++
		}
	}
	if forwards == 0 {
		t.Error("no proxy was asked")
	}
	out, err := exec.CommandContext(t.Context(), r.binary, "report", "--kubeconfig", p.kubeconfig, "--verified", releaseNamespace+"/"+account).Output()
	if err != nil || !strings.Contains(string(out), "Proxies: 0 connections of 0 proxies compared: 0 differ; 1 proxy could not be asked, at ") {
		t.Errorf("the report (%v):\n%s", err, out)
	}
}

// watchArgs are those that the chart gives to the watch, less what only a pod has.
func (r *release) watchArgs(t *testing.T) (args []string) {
	t.Helper()
	d, err := r.plane.clients.AppsV1().Deployments(releaseNamespace).Get(t.Context(), releaseName+"-verify", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, arg := range d.Spec.Template.Spec.Containers[0].Args {
		switch {
		case strings.HasPrefix(arg, "--config="):
			arg = "--config=" + r.plane.write(t, "watch.yaml", "apiVersion: tlsward.io/v1alpha1\nkind: Config\n")
		case strings.HasPrefix(arg, "--metrics="):
			arg = "--metrics=127.0.0.1:0"
		}
		args = append(args, arg)
	}
	return args
}
