package webhook

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"time"

	"github.com/tlsward/tlsward/webhook/fairqueue"
)

// What reviews that wait may fill of memory, in bytes: of one flow, two of the largest that there can be, and of all.
const (
	maxFlowBytes = 2 * maxBody
	maxBytes     = 16 * maxBody
)

// newQueue returns the queue of all reviews: one flow has at most perFlow in hand, all flows ten times as many.
func newQueue(seats, perFlow int) *fairqueue.Queue {
	return fairqueue.New(fairqueue.Limits{
		Seats: seats, FlowRequests: perFlow, Requests: 10 * perFlow, FlowBytes: maxFlowBytes, Bytes: maxBytes,
	})
}

// queued gives each review a place in the queue before its body is read, and answers 429 where there is no room. A
// decision may outlive its request (inTime), so the handler takes the place over; where it does not, it is given back here.
func (w *Webhooks) queued(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body := bufio.NewReaderSize(r.Body, headSize)
		head, _ := body.Peek(headSize) // whoever reads the body sees the error
		place, ok := w.queue.Enter(flowOf(head), sizeOf(r))
		if !ok {
			w.shed(rw, "full", "too many reviews of this user in this namespace, or of all, at once")
			return
		}
		r, seat := withSeat(r, place)
		defer func() { seat.handOver()() }()
		r.Body = peeked{body, r.Body}
		next.ServeHTTP(rw, r)
	})
}

// peeked is a body of which the beginning was looked at.
type peeked struct {
	io.Reader
	io.Closer
}

// sizeOf returns the size of a request's body, at most maxBody, since more is not read.
func sizeOf(r *http.Request) int64 {
	if r.ContentLength < 0 || r.ContentLength > maxBody {
		return maxBody
	}
	return r.ContentLength
}

// shed answers 429.
func (w *Webhooks) shed(rw http.ResponseWriter, reason, message string) {
	w.metrics.shed.WithLabelValues(reason).Inc()
	rw.Header().Set("Retry-After", "1")
	http.Error(rw, message, http.StatusTooManyRequests)
}

// awaitSeat waits until a review may be computed, within its deadline. A review that is not in the queue need not wait.
func (w *Webhooks) awaitSeat(ctx context.Context) error {
	s := seatOf(ctx)
	if s == nil {
		return nil
	}
	begin := time.Now()
	defer func() { w.metrics.queued.Observe(time.Since(begin).Seconds()) }()
	return s.place.Sit(ctx)
}
