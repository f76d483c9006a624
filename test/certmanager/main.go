// Command certmanager is cert-manager itself as far as the chart uses it: its controllers for Certificates of CA and
// self-signed Issuers, and its CA injector, wired as its own commands do it. Those commands are modules that the Go
// module proxy does not have, so they cannot be built by their paths.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/cert-manager/cert-manager/pkg/controller"
	"github.com/cert-manager/cert-manager/pkg/logs"
	ctrl "sigs.k8s.io/controller-runtime"

	// Each registers itself with the controllers or issuers that are known.
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/approver"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/ca"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/selfsigned"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/issuing"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/keymanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/readiness"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/requestmanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/revisionmanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/trigger"
	_ "github.com/cert-manager/cert-manager/pkg/controller/issuers"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/ca"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/selfsigned"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	log := logs.Log
	ctrl.SetLogger(log)
	if err := run(logs.NewContext(ctx, log), os.Getenv("KUBECONFIG")); err != nil {
		fmt.Fprintln(os.Stderr, "certmanager:", err)
		os.Exit(1)
	}
}

// run runs everything until ctx is done, or something fails.
func run(ctx context.Context, kubeconfig string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	work, err := controllers(ctx, kubeconfig)
	if err != nil {
		return err
	}
	injector, err := injector(ctx, kubeconfig)
	if err != nil {
		return err
	}
	var all sync.WaitGroup
	for _, each := range append(work, injector) {
		all.Go(func() {
			if err := each(ctx); err != nil {
				cancel(err)
			}
		})
	}
	all.Wait()
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// controllers returns the controllers that are compiled in, their informers started.
func controllers(ctx context.Context, kubeconfig string) ([]func(context.Context) error, error) {
	factory, err := controller.NewContextFactory(ctx, controller.ContextOptions{
		Kubeconfig: kubeconfig, KubernetesAPIQPS: 20, KubernetesAPIBurst: 50,
		CertificateOptions: controller.CertificateOptions{
			CertificateRequestMinimumBackoffDuration: time.Hour, CertificateRequestMaximumBackoffDuration: 32 * time.Hour},
	})
	if err != nil {
		return nil, fmt.Errorf("prepare the controllers: %w", err)
	}
	var out []func(context.Context) error
	for name, construct := range controller.Known() {
		c, err := construct(factory)
		if err != nil {
			return nil, fmt.Errorf("prepare the controller %s: %w", name, err)
		}
		out = append(out, func(ctx context.Context) error { return c.Run(1, ctx) })
	}
	shared, err := factory.Build()
	if err != nil {
		return nil, fmt.Errorf("prepare the informers: %w", err)
	}
	shared.SharedInformerFactory.Start(ctx.Done())
	shared.KubeSharedInformerFactory.Start(ctx.Done())
	return out, nil
}
