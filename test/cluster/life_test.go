//go:build cluster

package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// TestLife installs the release, uses it, changes it under way and takes it away again.
func TestLife(t *testing.T) {
	s := newSite(t)
	for _, step := range []struct {
		name string
		run  func(*testing.T, *site)
	}{
		{"installs without Istio", installs},
		{"closes when Istio arrives", closes},
		{"helm test passes", helmTest},
		{"completes, refuses and admits what is published", published},
		{"rolls over to a new image without a failed change", upgrade},
		{"rotates the CA without a failed change", rotate},
		{"loses pods without a failed change", losePods},
		{"rolls back", rollback},
		{"uninstalls, and nothing is left", uninstall},
		{"goes with its namespace", namespaceGoes},
	} {
		if !t.Run(step.name, func(t *testing.T) { step.run(t, s) }) {
			break
		}
	}
}

// values are those of every install and upgrade.
func (s *site) values(image string) []string {
	name, tag, _ := strings.Cut(image, ":")
	return []string{"--wait", "--timeout", "4m", "--set",
		fmt.Sprintf("image.repository=%s,image.tag=%s,image.pullPolicy=Never", name, tag),
		"--set", "certificates.own.settle=3s,server.drainSeconds=5"}
}

func (s *site) install(t *testing.T) {
	t.Helper()
	s.run(t, append([]string{"install", releaseName, s.helm.Chart, "--create-namespace"}, s.values(s.image)...)...)
}

func installs(t *testing.T, s *site) {
	s.install(t)
	if p := s.failurePolicy(t); p != "Ignore" {
		t.Errorf("failurePolicy is %s before a refusal was seen", p)
	}
}

func closes(t *testing.T, s *site) {
	s.installCRDs(t)
	s.closed(t)
}

func helmTest(t *testing.T, s *site) {
	s.run(t, "test", releaseName, "--timeout", "2m")
}

func published(t *testing.T, s *site) {
	entry, err := s.create(t.Context(), serviceEntry("edition-cnn-com"))
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(entry.Object["spec"]); !strings.Contains(got, "targetPort:443") {
		t.Errorf("the entry was not completed: %s", got)
	}
	if _, err := s.create(t.Context(), policy("bad")); !denied(err) {
		t.Errorf("a policy without principals: %v", err)
	}
	if _, err := s.create(t.Context(), disablingRule("edition-cnn-com")); !denied(err) {
		t.Errorf("a rule that disables TLS: %v", err)
	}
}

func upgrade(t *testing.T, s *site) {
	s.whileChanging(t, func() {
		s.run(t, append([]string{"upgrade", releaseName, s.helm.Chart}, s.values(s.next)...)...)
	})
	if p := s.failurePolicy(t); p != "Fail" {
		t.Errorf("the upgrade has opened the webhook: %s", p)
	}
}

func rotate(t *testing.T, s *site) {
	before := s.bundle(t)
	s.whileChanging(t, func() {
		demand := []byte(`{"metadata":{"annotations":{"tlsward.io/rotate":"now"}}}`)
		_, err := s.clients.CoreV1().Secrets(releaseNamespace).Patch(t.Context(), releaseName+"-ca", types.MergePatchType, demand, metav1.PatchOptions{})
		if err != nil {
			t.Fatal(err)
		}
		await(t, "the rotation", func(context.Context) string {
			now := s.bundle(t)
			if now == before || strings.Count(now, "BEGIN") != 1 {
				return "it has not ended"
			}
			return ""
		})
	})
}

func losePods(t *testing.T, s *site) {
	s.whileChanging(t, func() {
		for range 2 {
			pods := s.pods(t)
			if err := s.clients.CoreV1().Pods(releaseNamespace).Delete(t.Context(), pods[0], metav1.DeleteOptions{}); err != nil {
				t.Fatal(err)
			}
			await(t, "another pod", func(ctx context.Context) string {
				d, err := s.clients.AppsV1().Deployments(releaseNamespace).Get(ctx, releaseName, metav1.GetOptions{})
				if err != nil {
					return err.Error()
				}
				if d.Status.ReadyReplicas != 2 || d.Status.UnavailableReplicas != 0 || slices.Contains(s.pods(t), pods[0]) {
					return fmt.Sprintf("%d of 2 are ready", d.Status.ReadyReplicas)
				}
				return ""
			})
		}
	})
}

func rollback(t *testing.T, s *site) {
	s.whileChanging(t, func() { s.run(t, "rollback", releaseName, "1", "--wait", "--timeout", "4m") })
	s.closed(t)
}

func uninstall(t *testing.T, s *site) {
	s.run(t, "uninstall", releaseName, "--wait", "--timeout", "2m")
	if _, err := s.create(t.Context(), policy("late")); err != nil {
		t.Errorf("after the uninstall a change fails: %v", err)
	}
	await(t, "an empty namespace", func(ctx context.Context) string { return s.left(ctx) })
	for _, list := range []func() (string, error){
		func() (string, error) {
			found, err := s.clients.RbacV1().ClusterRoles().List(t.Context(), ofRelease)
			return fmt.Sprint(len(found.Items)), err
		},
		func() (string, error) {
			found, err := s.clients.AdmissionregistrationV1().ValidatingWebhookConfigurations().List(t.Context(), ofRelease)
			return fmt.Sprint(len(found.Items)), err
		},
		func() (string, error) {
			found, err := s.clients.RbacV1().Roles("").List(t.Context(), ofRelease)
			return fmt.Sprint(len(found.Items)), err
		},
	} {
		if n, err := list(); err != nil || n != "0" {
			t.Errorf("%s objects are left, %v", n, err)
		}
	}
}

func namespaceGoes(t *testing.T, s *site) {
	s.install(t)
	s.closed(t)
	if err := s.clients.CoreV1().Namespaces().Delete(t.Context(), releaseNamespace, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	await(t, "the end of the closed webhook", func(ctx context.Context) string {
		_, err := s.clients.AdmissionregistrationV1().ValidatingWebhookConfigurations().Get(ctx, releaseName, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return ""
		}
		return fmt.Sprintf("it is still there, %v", err)
	})
	if _, err := s.create(t.Context(), policy("later")); err != nil {
		t.Errorf("without the namespace a change fails: %v", err)
	}
}

// whileChanging makes changes, good and bad, until work is done, and fails for each that had the wrong end.
func (s *site) whileChanging(t *testing.T, work func()) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan []string)
	go func() {
		var wrong []string
		n := 0
		for ; ctx.Err() == nil; n++ {
			wrong = append(wrong, s.change(t.Context(), n)...)
			time.Sleep(50 * time.Millisecond)
		}
		t.Logf("%d good and %d bad changes", n, n)
		done <- wrong
	}()
	func() {
		defer stop()
		work()
	}()
	for _, w := range <-done {
		t.Error(w)
	}
}

// change makes one good and one bad change.
func (s *site) change(ctx context.Context, n int) []string {
	var wrong []string
	at := time.Now().Format("15:04:05.000")
	name := fmt.Sprintf("good-%d", n)
	if _, err := s.create(ctx, policy(name, "cluster.local/ns/a/sa/b")); err != nil {
		wrong = append(wrong, fmt.Sprintf("%s: a good change failed: %v", at, err))
	} else if err := s.delete(ctx, name); err != nil {
		wrong = append(wrong, fmt.Sprintf("%s: %v", at, err))
	}
	bad := fmt.Sprintf("bad-%d", n)
	_, err := s.create(ctx, policy(bad))
	switch {
	case err == nil:
		wrong = append(wrong, at+": a bad change was stored")
		_ = s.delete(ctx, bad)
	case !denied(err):
		wrong = append(wrong, fmt.Sprintf("%s: a bad change was refused for the wrong reason: %v", at, err))
	}
	return wrong
}
