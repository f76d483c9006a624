package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// server is a process that is asked.
type server struct {
	url    string
	pid    int
	client *http.Client
	stop   func()
}

// tick is the unit of CPU time in /proc (USER_HZ).
const tick = 10 * time.Millisecond

// cpuTime is what the process has computed so far, 0 where the system does not tell. On a machine with other work it says
// more than the clock.
func (s *server) cpuTime() time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.pid))
	if err != nil {
		return 0
	}
	// The second field is the program's name in parentheses, which may hold anything; utime and stime are the 14th and 15th.
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	var total time.Duration
	for _, field := range fields[11:13] {
		ticks, _ := strconv.Atoi(field)
		total += time.Duration(ticks) * tick
	}
	return total
}

// newClient keeps one HTTP/2 connection, as an API server does. It does not check the name: what it speaks to was
// started by itself, and the pair was made a moment ago.
func newClient() *http.Client {
	return &http.Client{
		Timeout: 10 * time.Second,
		Transport: &http.Transport{
			ForceAttemptHTTP2: true,
			TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // loopback
		},
	}
}

func startBaseline(ctx context.Context) (*server, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, baselineCommand)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	var address string
	if _, err := fmt.Fscanln(stdout, &address); err != nil {
		return nil, fmt.Errorf("start the baseline: %w", err)
	}
	stop := func() { _ = stdin.Close(); _ = cmd.Wait() }
	return &server{url: "https://" + address, pid: cmd.Process.Pid, client: newClient(), stop: stop}, nil
}

// startProgram runs tlsward on the manifests in dir and waits until it answers.
func startProgram(ctx context.Context, path, dir string) (*server, error) {
	ctx, cancel := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, path, "serve", "--manifests", dir, "--bind", "127.0.0.1", "--port", "0",
		"--metrics-port", "-1", "--health-port", "-1", "--drain", "0s")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	stderr, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		cancel()
		return nil, fmt.Errorf("start tlsward: %w", err)
	}
	stop := func() { cancel(); _ = cmd.Wait() }
	address, err := readAddress(stderr)
	if err != nil {
		stop()
		return nil, fmt.Errorf("start tlsward: %w", err)
	}
	return &server{url: "https://" + address, pid: cmd.Process.Pid, client: newClient(), stop: stop}, nil
}

// readAddress reads the log until it tells where reviews are taken, and drops the rest as it comes.
func readAddress(log io.Reader) (string, error) {
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		var line struct{ Msg, For, Address string }
		if json.Unmarshal(lines.Bytes(), &line) != nil {
			return "", errors.New(lines.Text())
		}
		if line.Msg == "listening" && line.For == "reviews" {
			go func() { _, _ = io.Copy(io.Discard, log) }()
			_, _, err := net.SplitHostPort(line.Address)
			return line.Address, err
		}
	}
	return "", errors.New("it ended without listening")
}
