package verify

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/tlsward/tlsward/envoy"
	"github.com/tlsward/tlsward/internal/cli/live"
	"github.com/tlsward/tlsward/internal/cli/proxies"
	"github.com/tlsward/tlsward/internal/compare"
)

// askedAtOnce bounds the port-forwards that are open, each of which goes through the API server.
const askedAtOnce = 4

// ask asks the proxies of the cluster's pods for their configuration. What one does not tell is no reason to judge none: it is of its
// result.
func (o Options) ask(ctx context.Context) ([]*envoy.Dump, []compare.Result, error) {
	config, fallback, err := live.Config(o.ConfigFlags())
	if err != nil {
		return nil, nil, err
	}
	client, _, err := live.Connect(o.ConfigFlags())
	if err != nil {
		return nil, nil, err
	}
	pods, err := proxies.Find(ctx, client, o.Pods, o.Namespace, fallback)
	if err != nil {
		return nil, nil, err
	}
	if o.Sample > 0 && len(o.Pods) == 0 && len(pods) > o.Sample {
		rand.Shuffle(len(pods), func(i, j int) { pods[i], pods[j] = pods[j], pods[i] })
		pods = pods[:o.Sample]
	}
	asked := make([]*envoy.Dump, len(pods))
	errs := make([]error, len(pods))
	slots := make(chan struct{}, askedAtOnce)
	var group sync.WaitGroup
	for i, pod := range pods {
		slots <- struct{}{}
		group.Go(func() {
			asked[i], errs[i] = o.askOne(ctx, config, pod)
			<-slots
		})
	}
	group.Wait()
	var dumps []*envoy.Dump
	var unread []compare.Result
	for i, pod := range pods {
		switch {
		case ctx.Err() != nil:
			return nil, nil, ctx.Err()
		case errs[i] != nil:
			unread = append(unread, compare.Unreached(pod.Namespace, pod.Name, errs[i]))
		default:
			dumps = append(dumps, asked[i])
		}
	}
	return dumps, unread, nil
}

func (o Options) askOne(ctx context.Context, config *rest.Config, pod types.NamespacedName) (dump *envoy.Dump, err error) {
	err = proxies.Dump(ctx, config, pod, o.AdminPort, func(r io.Reader) (err error) {
		if dump, err = readProxy(r); err != nil {
			return fmt.Errorf("read its configuration: %w", err)
		}
		// Whoever has the pod can answer at its port: as another it must not speak.
		p, err := compare.ProxyOf(dump)
		if err == nil && p.Name != pod.String() {
			err = fmt.Errorf("it answers as the proxy of %s", p.Name)
		}
		return err
	})
	return dump, err
}
