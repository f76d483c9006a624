//go:build proxies

package proxies

import (
	"context"
	"net"
	"strconv"
)

// Workload starts a pod with a sidecar that serves HTTP on a port behind a Service of its name. What arrives at the application,
// past its sidecar, is recorded.
func (w *World) Workload(ctx context.Context, namespace, name string, labels map[string]string, port int32) (*Pod, *Outside, error) {
	if err := w.namespace(ctx, namespace); err != nil {
		return nil, nil, err
	}
	if err := w.service(ctx, namespace, name, "http", labels, []int32{port}); err != nil {
		return nil, nil, err
	}
	p, err := w.Sidecar(ctx, namespace, name, labels)
	if err != nil {
		return nil, nil, err
	}
	application := &Outside{Address: p.Address}
	listen := func(address string) (l net.Listener, err error) {
		err = within(p.netns, func() (err error) {
			l, err = net.Listen("tcp", address)
			return err
		})
		return l, err
	}
	if err := application.serve(listen, serveHTTP, strconv.Itoa(int(port))); err != nil {
		return nil, nil, err
	}
	p.application = application
	return p, application, nil
}
