package certs

import (
	"context"
	"crypto/tls"
	"time"
)

// Source gives the certificate that the webhook server presents. It is safe for concurrent use.
type Source interface {
	// GetCertificate has the signature of tls.Config.GetCertificate. It fails while there is nothing to present.
	GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error)
	// Start keeps the certificate fresh. It blocks until ctx is done, and returns nil then.
	Start(ctx context.Context) error
	// Healthy says why the certificate cannot be presented to the API server, nil where it can. It is for readiness.
	Healthy() error
	// NotAfter is when the certificate presented now expires; the zero time where there is none.
	NotAfter() time.Time
}
