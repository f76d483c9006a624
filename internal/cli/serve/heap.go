package serve

import "runtime"

// heapFloor is memory in bytes that is never touched, and so never resident. The garbage collector runs whenever the
// heap has doubled: with a small mesh that is after every few dozen reviews, and took a quarter of their time. With the
// floor beneath it, it waits until at least as much garbage has gathered.
const heapFloor = 64 << 20

// holdHeap allocates the floor and keeps it until release is called.
func holdHeap() (release func()) {
	floor := make([]byte, heapFloor)
	return func() { runtime.KeepAlive(floor) }
}
