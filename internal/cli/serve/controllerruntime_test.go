package serve

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/events"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

// The tests of this file hold why docs/adr/0014-controller-runtime.md does without parts of controller-runtime. One that
// fails after an upgrade says that a part can be used now.

// lease is a lock that can be renewed until it is lost.
type lease struct {
	record resourcelock.LeaderElectionRecord
	lost   atomic.Bool
}

func (l *lease) Get(context.Context) (*resourcelock.LeaderElectionRecord, []byte, error) {
	if l.lost.Load() {
		return nil, nil, errors.New("the API server is away")
	}
	return &l.record, []byte(l.record.HolderIdentity), nil
}

func (l *lease) Create(_ context.Context, r resourcelock.LeaderElectionRecord) error {
	return l.Update(context.Background(), r)
}

func (l *lease) Update(_ context.Context, r resourcelock.LeaderElectionRecord) error {
	if l.lost.Load() {
		return errors.New("the API server is away")
	}
	l.record = r
	return nil
}

func (l *lease) RecordEvent(string) {}
func (l *lease) Identity() string   { return "me" }
func (l *lease) Describe() string   { return "a lease" }

func TestControllerRuntimeManagerEndsWithItsLease(t *testing.T) {
	lock, deadline, retry := &lease{}, 200*time.Millisecond, 20*time.Millisecond
	duration, grace := 2*deadline, 10*time.Second
	m, err := manager.New(&rest.Config{Host: "http://127.0.0.1:1"}, manager.Options{
		LeaderElection: true, LeaderElectionResourceLockInterface: lock, LeaseDuration: &duration, RenewDeadline: &deadline,
		RetryPeriod: &retry, GracefulShutdownTimeout: &grace, HealthProbeBindAddress: "0",
		Metrics: metricsserver.Options{BindAddress: "0"},
	})
	if err != nil {
		t.Fatal(err)
	}
	busy := make(chan struct{}) // a review in flight
	defer close(busy)
	if err := m.Add(everyReplica(func(context.Context) error { <-busy; return nil })); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- m.Start(t.Context()) }()
	<-m.Elected()
	lock.lost.Store(true)
	select {
	case err := <-ended:
		if err == nil || !strings.Contains(err.Error(), "leader election lost") {
			t.Errorf("ended with %v", err)
		}
	case <-time.After(grace):
		t.Error("the manager outlives its lease, or waits for what is in flight: it may elect now")
	}
}

func TestControllerRuntimeMetricsAreOfTheProcess(t *testing.T) {
	one := prometheus.NewGauge(prometheus.GaugeOpts{Name: "tlsward_test_of_a_server"})
	if err := ctrlmetrics.Registry.Register(one); err != nil {
		t.Fatal(err)
	}
	defer ctrlmetrics.Registry.Unregister(one)
	if ctrlmetrics.Registry.Register(prometheus.NewGauge(prometheus.GaugeOpts{Name: "tlsward_test_of_a_server"})) == nil {
		t.Error("two servers in one process may have metrics of one name now")
	}
}

func TestControllerRuntimeEventsOfOneReasonAreOne(t *testing.T) {
	client := fake.NewClientset()
	broadcaster := events.NewBroadcaster(&events.EventSinkImpl{Interface: client.EventsV1()})
	if err := broadcaster.StartRecordingToSinkWithContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	recorder := broadcaster.NewRecorder(runtime.NewScheme(), "tlsward")
	pod := &corev1.ObjectReference{APIVersion: "v1", Kind: "Pod", Namespace: "home", Name: "tlsward-0", UID: "u"}
	recorder.Eventf(pod, nil, corev1.EventTypeWarning, configurationRefused, "Reload", "line 3 is wrong")
	until(t, client, func(e eventsv1.Event) bool { return e.Series == nil })
	recorder.Eventf(pod, nil, corev1.EventTypeWarning, configurationRefused, "Reload", "line 7 is wrong")
	e := until(t, client, func(e eventsv1.Event) bool { return e.Series != nil })
	if strings.Contains(e.Note, "line 7") {
		t.Errorf("the second text is told now: %s", e.Note)
	}
}

// until waits for the one Event to be as wanted, and returns it.
func until(t *testing.T, client kubernetes.Interface, wanted func(eventsv1.Event) bool) eventsv1.Event {
	t.Helper()
	for range 500 {
		list, err := client.EventsV1().Events("home").List(t.Context(), metav1.ListOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if len(list.Items) == 1 && wanted(list.Items[0]) {
			return list.Items[0]
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("there is not one Event for both texts: the recorder of events.k8s.io may do now")
	return eventsv1.Event{}
}
