package certs

import (
	"context"
	"crypto/tls"
	"time"
)

// Source is where the webhook server gets the certificate that it presents. It is safe for concurrent use.
type Source interface {
	// GetCertificate is a tls.Config.GetCertificate. It returns an error while there is nothing to present.
	GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error)
	// Start renews the certificate. It blocks until ctx is done, and returns nil then.
	Start(ctx context.Context) error
	// Healthy returns why the API server would not accept the certificate, nil if it would. It is for readiness.
	Healthy() error
	// NotAfter returns when the certificate presented now expires, the zero time if there is none.
	NotAfter() time.Time
}
