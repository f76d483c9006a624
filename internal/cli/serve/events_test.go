package serve

import (
	"errors"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/tlsward/tlsward/webhook/informer"
)

func TestAConfigMapHearsOfItsOwnPoliciesAlone(t *testing.T) {
	refused := errors.New("load policies: configmap home/a:mine.rego:3: var x is unsafe\n" +
		"configmap home/ab:mine.rego:4: no\nconfigmap home/a:more.rego:7: test test_x is not true")
	for file, want := range map[string]string{
		"configmap home/a:": "load policies: configmap home/a:mine.rego:3: var x is unsafe\nconfigmap home/a:more.rego:7: test test_x is not true",
		"configmap home/b:": "",
	} {
		if got := linesOf(refused, file); got != want {
			t.Errorf("%s: got %q, want %q", file, got, want)
		}
	}
}

func TestWithoutAClusterNobodyIsTold(t *testing.T) {
	s := &server{}
	events, err := s.events()
	if events != nil || err != nil {
		t.Errorf("got %v, %v", events, err)
	}
	(*informer.Events)(nil).Warn(corev1.ObjectReference{}, policiesRefused, "x")
}
