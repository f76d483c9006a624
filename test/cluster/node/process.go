package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// process is one program of the cluster.
type process struct {
	name   string
	cmd    *exec.Cmd
	exited chan struct{}
}

// start runs a program with its output in a log of its name. It ends with this process at the latest.
func (n *Node) start(name, binary string, args ...string) error {
	log, err := os.Create(filepath.Join(n.dir, name+".log"))
	if err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	defer log.Close()
	cmd := exec.Command(binary, args...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	p := &process{name: name, cmd: cmd, exited: make(chan struct{})}
	go func() {
		_ = cmd.Wait()
		close(p.exited)
	}()
	n.processes = append(n.processes, p)
	return nil
}

// end asks a process to stop, and kills it where it does not.
func (p *process) end(patience time.Duration) {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.exited:
	case <-time.After(patience):
		_ = p.cmd.Process.Kill()
		<-p.exited
	}
}

// errNotYet is what a condition returns while it does not hold.
var errNotYet = errors.New("not yet")

// await waits until holds returns nil.
func await(ctx context.Context, what string, holds func(context.Context) error) error {
	var last error
	for {
		if last = holds(ctx); last == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", what, last)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// Tail returns the last lines of a program's log.
func (n *Node) Tail(name string) string {
	raw, err := os.ReadFile(filepath.Join(n.dir, name+".log"))
	if err != nil {
		return err.Error()
	}
	return string(raw[max(0, len(raw)-3000):])
}
