package proxies

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/streaming/pkg/httpstream"
)

// patience bounds how long one proxy is asked.
const patience = time.Minute

// maxDump is how much of a proxy's configuration is read, in bytes: far more than the largest that were seen. Whoever has the pod may answer
// at its port without an end.
const maxDump = 512 << 20

// Dump asks the proxy of a pod for its configuration and has read read it. adminPort is Envoy's.
func Dump(ctx context.Context, config *rest.Config, pod types.NamespacedName, adminPort uint16, read func(io.Reader) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	local, failures, err := forward(ctx, config, pod, adminPort)
	if err != nil {
		return fmt.Errorf("forward a port to it: %w", err)
	}
	// With the endpoints, which are left out otherwise.
	url := fmt.Sprintf("http://127.0.0.1:%d/config_dump?include_eds", local)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	// Whoever has the pod may answer, and leads nowhere else by it.
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("ask Envoy at its admin port %d: %w", adminPort, errors.Join(err, failures.join()))
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("ask Envoy at its admin port %d: it answers %s", adminPort, response.Status)
	}
	return read(http.MaxBytesReader(nil, response.Body, maxDump))
}

// forward opens a port of loopback that leads to a port of a pod, until ctx ends. failures is what goes wrong on the way.
func forward(ctx context.Context, config *rest.Config, pod types.NamespacedName, port uint16) (local uint16, failures *failures, err error) {
	dialer, err := dialer(config, pod)
	if err != nil {
		return 0, nil, err
	}
	ctx, failures = withFailures(ctx)
	ready := make(chan struct{})
	forwarder, err := portforward.NewOnAddressesForStreamingWithContext(
		ctx, dialer, []string{"127.0.0.1"}, []string{fmt.Sprintf("0:%d", port)}, ready, io.Discard, io.Discard)
	if err != nil {
		return 0, nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- forwarder.ForwardPorts() }()
	select {
	case err := <-ended:
		return 0, nil, err
	case <-ctx.Done():
		return 0, nil, ctx.Err()
	case <-ready:
	}
	ports, err := forwarder.GetPorts()
	if err != nil {
		return 0, nil, err
	}
	return ports[0].Local, failures, nil
}

// dialer connects to a pod through the API server, over WebSockets where it has them, else over SPDY, as kubectl does
// (k8s.io/kubectl pkg/cmd/portforward).
func dialer(config *rest.Config, pod types.NamespacedName) (httpstream.Dialer, error) {
	unbounded := rest.CopyConfig(config)
	unbounded.Timeout = 0 // it would end the stream
	server, _, err := rest.DefaultServerUrlFor(unbounded)
	if err != nil {
		return nil, err
	}
	target := server.JoinPath("api", "v1", "namespaces", pod.Namespace, "pods", pod.Name, "portforward")
	transport, upgrader, err := spdy.RoundTripperFor(unbounded)
	if err != nil {
		return nil, err
	}
	overSPDY := spdy.NewDialerForStreaming(upgrader, &http.Client{Transport: transport}, http.MethodPost, target)
	overWebSockets, err := portforward.NewSPDYOverWebsocketDialerForStreaming(target, unbounded)
	if err != nil {
		return nil, err
	}
	return portforward.NewFallbackDialerForStreaming(overWebSockets, overSPDY, func(err error) bool {
		return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
	}), nil
}
