package follow

import (
	"container/list"
	"sync"
)

// urgency is how soon a piece has its turn.
type urgency int

// The urgencies, the least first.
const (
	background urgency = iota // everything is looked at
	changed                   // a change concerns it
	urgent                    // and it cannot wait
	urgencies
)

// share is how many turns in a row the more urgent have while others wait: whoever makes urgent work without end must not keep all else from
// being done.
const share = 8

// turns is the order in which pieces wait: the most urgent first, of those the namespaces in turn, and of a namespace what has waited
// longest. It is the store of a workqueue, which calls it under its lock; urge may be called at any time.
type turns[T comparable] struct {
	namespaceOf func(T) string

	mu sync.Mutex
	// urged is how urgent pieces are that do not wait yet.
	urged map[T]urgency
	at    map[T]place
	lanes [urgencies]lane
	// passed counts the turns of the more urgent while something waited in a lane.
	passed [urgencies]int
}

// place is where a piece waits.
type place struct {
	urgency   urgency
	namespace string
	element   *list.Element
}

// lane has the pieces of one urgency, by namespace. Namespaces are in the order of their turns.
type lane struct {
	namespaces  list.List
	byNamespace map[string]*list.List
	waiting     int
}

func newTurns[T comparable](namespaceOf func(T) string) *turns[T] {
	t := &turns[T]{namespaceOf: namespaceOf, urged: map[T]urgency{}, at: map[T]place{}}
	for i := range t.lanes {
		t.lanes[i].byNamespace = map[string]*list.List{}
	}
	return t
}

// urge says how urgent a piece is that is about to be pushed or touched, unless it is known to be more urgent.
func (t *turns[T]) urge(piece T, u urgency) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.urged[piece] = max(u, t.urged[piece])
}

// Push takes a piece that does not wait yet.
func (t *turns[T]) Push(piece T) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.push(piece)
}

// Touch moves a piece that waits already, where it has become more urgent.
func (t *turns[T]) Touch(piece T) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if p, waits := t.at[piece]; waits && t.urged[piece] > p.urgency {
		t.lanes[p.urgency].remove(p)
		t.push(piece)
		return
	}
	delete(t.urged, piece)
}

func (t *turns[T]) push(piece T) {
	u, namespace := t.urged[piece], t.namespaceOf(piece)
	delete(t.urged, piece)
	t.at[piece] = place{u, namespace, t.lanes[u].push(namespace, piece)}
}

// Len returns how many pieces wait.
func (t *turns[T]) Len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.at)
}

// Pop takes out the piece whose turn it is. There must be one.
func (t *turns[T]) Pop() T {
	t.mu.Lock()
	defer t.mu.Unlock()
	u := t.next()
	for below := range u {
		if t.lanes[below].waiting > 0 {
			t.passed[below]++
		}
	}
	t.passed[u] = 0
	piece := t.lanes[u].pop().(T)
	delete(t.at, piece)
	return piece
}

// next returns the urgency that has its turn: one that was passed by too often, or else the highest.
func (t *turns[T]) next() urgency {
	highest := background
	for u := range urgencies {
		switch {
		case t.lanes[u].waiting == 0:
		case t.passed[u] >= share:
			return u
		default:
			highest = u
		}
	}
	return highest
}

func (l *lane) push(namespace string, piece any) *list.Element {
	pieces := l.byNamespace[namespace]
	if pieces == nil {
		pieces = list.New()
		l.byNamespace[namespace] = pieces
		l.namespaces.PushBack(namespace)
	}
	l.waiting++
	return pieces.PushBack(piece)
}

func (l *lane) remove(p place) {
	l.waiting--
	l.byNamespace[p.namespace].Remove(p.element) // a namespace that has none left is passed over at its turn
}

func (l *lane) pop() any {
	for {
		first := l.namespaces.Front()
		namespace := first.Value.(string)
		pieces := l.byNamespace[namespace]
		if pieces.Len() == 0 {
			l.namespaces.Remove(first)
			delete(l.byNamespace, namespace)
			continue
		}
		l.namespaces.MoveToBack(first)
		l.waiting--
		return pieces.Remove(pieces.Front())
	}
}
