package webhook

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	ctrlwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/tlsward/tlsward/webhook/internal/fixture"
)

// flooders is how many reviews a flood has in hand at any moment.
const flooders = 12

// heavyRoute is a VirtualService of 200 KB whose review is about as expensive as one may be.
func heavyRoute() string {
	var b strings.Builder
	b.WriteString(`
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: flood, namespace: flood}
spec:
  hosts: [shop.example.com]
  http:
`)
	for i := range 2500 {
		fmt.Fprintf(&b, "  - {match: [{uri: {prefix: /%d}}], route: [{destination: {host: shop-%d.example.com, port: {number: 80}}}]}\n", i, i)
	}
	return b.String()
}

// crowd asks webhooks without a network between.
type crowd struct {
	t      *testing.T
	routes http.Handler
	// asked numbers the reviews, so that no two are equal: what comes again is remembered.
	asked *atomic.Int64
}

func newCrowd(t *testing.T, seats int) crowd {
	t.Helper()
	f := newFixture(t, Options{Cache: newCache(t, fixture.Entry), Seats: seats})
	f.Use(testEvaluator(t))
	server := ctrlwebhook.NewServer(ctrlwebhook.Options{})
	f.Register(server)
	return crowd{t: t, routes: server.WebhookMux(), asked: &atomic.Int64{}}
}

// asker returns what sends a review of a user and returns how long it took.
func (c crowd) asker(user, text string) func(context.Context) time.Duration {
	r := create(c.t, text)
	r.UserInfo.Username = user
	const number = "0000000000"
	body := []byte(strings.Replace(envelope(c.t, r), `"metadata":{`, `"metadata":{"uid":"`+number+`",`, 1))
	at := bytes.Index(body, []byte(number))
	return func(ctx context.Context) time.Duration {
		copy(body[at:], fmt.Appendf(nil, "%0*d", len(number), c.asked.Add(1)))
		begin := time.Now()
		r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/validate", bytes.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		c.routes.ServeHTTP(&discardWriter{http.Header{}}, r)
		return time.Since(begin)
	}
}

// regulars has four users send a review every few milliseconds for so long, and returns how long each took.
func (c crowd) regulars(ctx context.Context, span time.Duration) []time.Duration {
	var mu sync.Mutex
	var took []time.Duration
	var all sync.WaitGroup
	for user := range 4 {
		ask := c.asker(fmt.Sprint("user-", user), fixture.GoodRule)
		all.Go(func() {
			for end := time.Now().Add(span); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
				one := ask(ctx)
				mu.Lock()
				took = append(took, one)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return took
}

// flood sends heavy reviews until it is told to stop.
func (c crowd) flood(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	for flooder := range flooders {
		ask := c.asker(fmt.Sprint("system:serviceaccount:flood:", flooder), heavyRoute())
		all.Go(func() {
			for ctx.Err() == nil {
				ask(ctx)
			}
		})
	}
	return func() { cancel(); all.Wait() }
}

// p99InFlood returns the 99th percentile of the others' reviews while one floods.
func (c crowd) p99InFlood() time.Duration {
	quiet := percentile(c.regulars(c.t.Context(), 400*time.Millisecond), 99)
	if quiet > 10*time.Millisecond {
		c.t.Skipf("p99 is %s without a flood: the machine is too busy to tell", quiet)
	}
	stop := c.flood(c.t.Context())
	flooded := percentile(c.regulars(c.t.Context(), 400*time.Millisecond), 99)
	stop()
	c.t.Logf("p99 %s, in a flood %s", quiet, flooded)
	return flooded
}

func percentile(took []time.Duration, n int) time.Duration {
	slices.Sort(took)
	return took[len(took)*n/100].Round(10 * time.Microsecond)
}

// One who floods slows only itself: the aim is that the others' p99 at most doubles, which fairqueue shows on a clock of its
// own. Here the garbage collector, Go's scheduler and whatever else the machine does take part, so it is held against the
// same flood with a seat for every review, which is no queue.
func TestFloodSlowsOnlyItself(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	floor := make([]byte, 64<<20) // as in the program: internal/cli/serve, holdHeap
	defer runtime.KeepAlive(floor)
	with, without := newCrowd(t, 0), newCrowd(t, 1000)
	var queued, unqueued time.Duration
	for range 5 { // in turn and added up: what else the machine does hits some, and hits both
		queued += with.p99InFlood()
		unqueued += without.p99InFlood()
	}
	if 4*queued > unqueued {
		t.Errorf("in five floods p99 adds up to %s, and to %s without the queue", queued, unqueued)
	}
}
