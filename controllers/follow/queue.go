package follow

import (
	"time"

	"k8s.io/client-go/util/workqueue"
)

// minRetry and maxRetry are how long what failed waits: twice as long each time, each piece by itself.
const minRetry, maxRetry = time.Second, 5 * time.Minute

// queue has the pieces that wait to be done: a workqueue of client-go, in which namespaces take turns. controller-runtime's priority queue
// knows how urgent a piece is, but not whose: a tenant's thousand would go before another's one.
type queue[T comparable] struct {
	workqueue.TypedRateLimitingInterface[T]
	turns *turns[T]
}

// newQueue returns an empty queue.
func newQueue[T comparable](namespaceOf func(T) string) *queue[T] {
	t := newTurns(namespaceOf)
	stored := workqueue.NewTypedWithConfig(workqueue.TypedQueueConfig[T]{Queue: t})
	delaying := workqueue.NewTypedDelayingQueueWithConfig(workqueue.TypedDelayingQueueConfig[T]{Queue: stored})
	limiter := workqueue.NewTypedItemExponentialFailureRateLimiter[T](minRetry, maxRetry)
	return &queue[T]{workqueue.NewTypedRateLimitingQueueWithConfig(limiter, workqueue.TypedRateLimitingQueueConfig[T]{DelayingQueue: delaying}), t}
}

// add has a piece done as soon as its urgency allows.
func (q *queue[T]) add(piece T, u urgency) {
	q.turns.urge(piece, u)
	q.Add(piece)
}

// retry has a piece done again after a while, which is longer each time.
func (q *queue[T]) retry(piece T) {
	q.turns.urge(piece, changed)
	q.AddRateLimited(piece)
}
