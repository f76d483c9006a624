package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"

	"github.com/go-logr/logr"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/tlsward/tlsward/certs"
	"github.com/tlsward/tlsward/webhook"
)

// baselineCommand is the argument that makes this program server (a).
const baselineCommand = "serve-baseline"

// serveBaseline runs controller-runtime's own admission handler, behind the same TLS and HTTP/2 as tlsward's: what is
// compared is what happens between them. It prints its address.
func serveBaseline() error {
	source, err := certs.NewSelfSigned("127.0.0.1")
	if err != nil {
		return err
	}
	config, err := webhook.TLSConfig(source, "")
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	ctrllog.SetLogger(logr.Discard())
	allow := admission.HandlerFunc(func(context.Context, admission.Request) admission.Response {
		return admission.Allowed("")
	})
	fmt.Println(listener.Addr())
	server := &http.Server{Handler: &admission.Webhook{Handler: allow}, TLSConfig: config}
	// The parent holds the other end of standard input: when it goes, this goes.
	go func() {
		_, _ = os.Stdin.Read(make([]byte, 1))
		_ = server.Close()
	}()
	if err := server.ServeTLS(listener, "", ""); err != http.ErrServerClosed {
		return err
	}
	return nil
}
