// Package fairqueue shares the processors among those who send reviews, by fair queuing as in the API server's Priority
// and Fairness (k8s.io/apiserver/pkg/util/flowcontrol): requests wait in a line for each flow, and the flows take turns
// for a few seats. What decides who is next (scheduler.go, usage.go) is pure; queue.go adds the lock and the waiting.
//
// No HTTP and no review belongs here.
package fairqueue
