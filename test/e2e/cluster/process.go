package cluster

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Program is a tlsward server to start, once or several times.
type Program struct {
	// Binary is the path of tlsward.
	Binary string
	// Args are the arguments after "serve" and the ports.
	Args []string
	// Log is the file that takes its output, appended to.
	Log string
	// Env is added to the test's own environment.
	Env []string
}

// Replica is one running tlsward.
type Replica struct {
	// Port, MetricsPort and HealthPort are where it serves, on loopback.
	Port, MetricsPort, HealthPort int

	cmd    *exec.Cmd
	log    string
	exited chan struct{}
	err    error
}

// Start starts a replica on free ports. It may not be ready yet.
func (p Program) Start() (*Replica, error) {
	ports, err := freePorts(3)
	if err != nil {
		return nil, err
	}
	return p.StartOn(ports[0], ports[1], ports[2])
}

// StartOn starts a replica on these ports.
func (p Program) StartOn(port, metrics, health int) (*Replica, error) {
	log, err := os.OpenFile(p.Log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the log of tlsward: %w", err)
	}
	defer log.Close()
	args := append([]string{"serve", "--port", strconv.Itoa(port), "--metrics-port", strconv.Itoa(metrics),
		"--health-port", strconv.Itoa(health)}, p.Args...)
	cmd := exec.Command(p.Binary, args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = append(os.Environ(), p.Env...)
	// A test that is killed takes its replicas with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start tlsward: %w", err)
	}
	r := &Replica{Port: port, MetricsPort: metrics, HealthPort: health, cmd: cmd, log: p.Log, exited: make(chan struct{})}
	go func() {
		r.err = cmd.Wait()
		close(r.exited)
	}()
	return r, nil
}

// URL is where the webhooks are served.
func (r *Replica) URL() string { return fmt.Sprintf("https://127.0.0.1:%d", r.Port) }

// Ready reports whether /readyz answers 200.
func (r *Replica) Ready(ctx context.Context) bool { return r.probe(ctx, "/readyz") }

// Healthy reports whether /healthz answers 200.
func (r *Replica) Healthy(ctx context.Context) bool { return r.probe(ctx, "/healthz") }

func (r *Replica) probe(ctx context.Context, path string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d%s", r.HealthPort, path), nil)
	if err != nil {
		return false
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	_ = res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// Metric returns the value of a metric without labels, as /metrics tells it.
func (r *Replica) Metric(ctx context.Context, name string) (float64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/metrics", r.MetricsPort), nil)
	if err != nil {
		return 0, fmt.Errorf("read metrics: %w", err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, fmt.Errorf("read metrics: %w", err)
	}
	defer res.Body.Close()
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			return strconv.ParseFloat(value, 64)
		}
	}
	return 0, fmt.Errorf("read metrics: there is no %s", name)
}

// AwaitReady waits until the replica is ready, and fails with the end of its log if it exits or ctx ends first.
func (r *Replica) AwaitReady(ctx context.Context) error {
	for {
		if r.Ready(ctx) {
			return nil
		}
		select {
		case <-r.exited:
			return fmt.Errorf("tlsward has exited (%w) before it was ready:\n%s", r.err, r.Tail())
		case <-ctx.Done():
			return fmt.Errorf("tlsward is not ready: %w\n%s", ctx.Err(), r.Tail())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Exited reports whether the process has ended.
func (r *Replica) Exited() bool {
	select {
	case <-r.exited:
		return true
	default:
		return false
	}
}

// Stop asks the replica to drain and end, and waits for it. An exit code other than 0 is an error.
func (r *Replica) Stop(ctx context.Context) error {
	if r.Exited() {
		return nil
	}
	if err := r.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop tlsward: %w", err)
	}
	select {
	case <-r.exited:
	case <-ctx.Done():
		_ = r.Kill()
		return fmt.Errorf("tlsward does not end on SIGTERM: %w\n%s", ctx.Err(), r.Tail())
	}
	if r.err != nil {
		return fmt.Errorf("tlsward ended badly: %w\n%s", r.err, r.Tail())
	}
	return nil
}

// Kill ends the replica as kill -9 does.
func (r *Replica) Kill() error {
	if err := r.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("kill tlsward: %w", err)
	}
	<-r.exited
	return nil
}

// Tail returns the last 4 KiB of the replica's log.
func (r *Replica) Tail() string {
	raw, err := os.ReadFile(r.log)
	if err != nil {
		return err.Error()
	}
	if len(raw) > 4<<10 {
		raw = raw[len(raw)-4<<10:]
	}
	return string(raw)
}

// freePorts returns ports that nobody listened on a moment ago.
func freePorts(n int) ([]int, error) {
	ports := make([]int, 0, n)
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		// All stay open until all are found, so that they differ.
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}
