package webhook

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"time"

	"k8s.io/apimachinery/pkg/types"

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

// queued gives each review a place in the queue before its body is read, and sheds it where there is no room. A
// decision may outlive its request (inTime), so the handler takes the place over; where it does not, it is given back here.
func (w *Webhooks) queued(e endpoint, next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body := bufio.NewReaderSize(r.Body, headSize)
		head, _ := body.Peek(headSize) // whoever reads the body sees the error
		place, ok := w.queue.Enter(flowOf(head), sizeOf(r))
		if !ok {
			w.shed(rw, e, uidOf(head), "full", &busyError{"too many reviews of this user in this namespace, or of all, at once"})
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

// lateMessage says why a review had no turn though there was room for it to wait.
const lateMessage = "too many reviews of this user in this namespace: this one did not have its turn in time"

// busyError is why a review has no turn. It is not for its kind to be admitted then, whatever admits it while nobody answers: whoever
// floods a webhook would open it for himself.
type busyError struct{ reason string }

// Error returns the reason, and what to do.
func (e *busyError) Error() string { return e.reason + "; try again" }

// shed answers a review that has no turn, of which no more is known than its uid: as an AdmissionReview, since any other status
// counts as no answer at all, by which the API server admits what has failurePolicy Ignore. What has no uid is no review, and gets a 429.
func (w *Webhooks) shed(rw http.ResponseWriter, e endpoint, uid types.UID, reason string, err *busyError) {
	w.metrics.shed.WithLabelValues(reason).Inc()
	if uid == "" {
		rw.Header().Set("Retry-After", "1")
		http.Error(rw, err.Error(), http.StatusTooManyRequests)
		return
	}
	response := e.undecided("this object", err).AdmissionResponse
	response.UID = uid
	writeReview(rw, &response)
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
