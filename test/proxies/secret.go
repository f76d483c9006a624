//go:build proxies

package proxies

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Credential writes a Secret with a certificate of this name, its key, and the CA that the other side must show, as credentialName
// asks for it (pilot/pkg/credentials/kube/secrets.go).
func (w *World) Credential(ctx context.Context, namespace, name, certificate string) error {
	issued, err := w.trusted.issue(certificate)
	if err != nil {
		return err
	}
	key, err := keyPEM(issued)
	if err != nil {
		return err
	}
	if err := w.namespace(ctx, namespace); err != nil {
		return err
	}
	secrets := w.kube.CoreV1().Secrets(namespace)
	_, err = secrets.Create(ctx, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: name}, Type: corev1.SecretTypeTLS,
		Data: map[string][]byte{
			corev1.TLSCertKey:       certificatePEM(issued),
			corev1.TLSPrivateKeyKey: key,
			"ca.crt":                w.trusted.PEM,
		},
	}, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("create Secret %s/%s: %w", namespace, name, err)
	}
	return nil
}

// removeCredential takes a Secret away.
func (w *World) removeCredential(ctx context.Context, namespace, name string) {
	_ = w.kube.CoreV1().Secrets(namespace).Delete(ctx, name, metav1.DeleteOptions{})
}

func certificatePEM(c tls.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]})
}

func keyPEM(c tls.Certificate) ([]byte, error) {
	key, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		return nil, fmt.Errorf("write a key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}), nil
}
