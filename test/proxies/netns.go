//go:build proxies

package proxies

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// gateway is the address of the world on its bridge: istiod, DNS, and the way to the servers outside (RFC 5737).
const gateway = "192.0.2.1"

// makeBridge brings up the world's own namespace: loopback, the bridge that pods are joined to, and the addresses of servers
// outside.
func makeBridge(ctx context.Context, outside ...string) error {
	commands := [][]string{
		{"link", "set", "lo", "up"},
		{"link", "add", "br0", "type", "bridge"},
		{"addr", "add", gateway + "/24", "dev", "br0"},
		{"link", "set", "br0", "up"},
		{"route", "add", "default", "dev", "br0"}, // kube-apiserver looks for its address there; nobody answers on it
	}
	// Whatever a proxy sends to an address outside arrives in the world, whoever has the address.
	for _, everywhere := range []string{"198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4"} {
		commands = append(commands, []string{"route", "add", "local", everywhere, "dev", "lo"})
	}
	for _, a := range outside {
		commands = append(commands, []string{"addr", "add", a + "/32", "dev", "lo"})
	}
	return ip(ctx, commands...)
}

// makeNamespace makes the network namespace of a pod and joins it to the bridge.
func makeNamespace(ctx context.Context, name, address string) error {
	inside := func(args ...string) []string { return append([]string{"-n", name}, args...) }
	return ip(ctx,
		[]string{"netns", "add", name},
		[]string{"link", "add", "v-" + name, "type", "veth", "peer", "name", "eth0", "netns", name},
		[]string{"link", "set", "v-" + name, "master", "br0", "up"},
		inside("link", "set", "lo", "up"),
		inside("addr", "add", address+"/24", "dev", "eth0"),
		inside("link", "set", "eth0", "up"),
		inside("route", "add", "default", "via", gateway),
	)
}

func ip(ctx context.Context, commands ...[]string) error {
	for _, args := range commands {
		if err := run(ctx, "/", "ip", args...); err != nil {
			return err
		}
	}
	return nil
}

// within calls do on a thread that is in a pod's network namespace: sockets that it makes and processes that it starts are there.
// The thread goes back, and does not end: processes that it started for others would end with it, by their Pdeathsig.
func within(namespace string, do func() error) error {
	runtime.LockOSThread()
	own, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		return fmt.Errorf("enter namespace %s: %w", namespace, err)
	}
	defer own.Close()
	other, err := os.Open(filepath.Join(runDir, "netns", namespace))
	if err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("enter namespace %s: %w", namespace, err)
	}
	defer other.Close()
	if err := unix.Setns(int(other.Fd()), unix.CLONE_NEWNET); err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("enter namespace %s: %w", namespace, err)
	}
	result := do()
	if err := unix.Setns(int(own.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("leave namespace %s: %w", namespace, err) // the thread stays locked: nobody else may have it
	}
	runtime.UnlockOSThread()
	return result
}

// process is a program that runs in a pod, or beside istiod.
type process struct {
	cmd    *exec.Cmd
	log    string
	exited chan struct{}
}

// program is a program to start.
type program struct {
	name, dir string
	args      []string
	env       []string
	// namespace is the pod's network namespace, "" for the world's own.
	namespace string
	// asProxy has it run as the user whose connections iptables leave alone.
	asProxy bool
}

// proxyUser is the user and group of pilot-agent and Envoy (tools/istio-iptables, "-u 1337").
const proxyUser = 1337

// start starts a program; its output goes to a log.
func (p program) start() (*process, error) {
	log := filepath.Join(home, "logs", p.name+".log")
	out, err := os.OpenFile(log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", p.name, err)
	}
	defer out.Close()
	cmd := exec.Command(p.args[0], p.args[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = p.dir, p.env, out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	if p.asProxy {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: proxyUser, Gid: proxyUser}
	}
	begin := cmd.Start
	if p.namespace != "" {
		begin = func() error { return within(p.namespace, cmd.Start) }
	}
	if err := begin(); err != nil {
		return nil, fmt.Errorf("start %s: %w", p.name, err)
	}
	running := &process{cmd: cmd, log: log, exited: make(chan struct{})}
	go func() {
		_ = cmd.Wait()
		close(running.exited)
	}()
	return running, nil
}

// kill ends the process.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.exited
}

// ended reports whether the process has ended.
func (p *process) ended() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

// panicked returns how the process panicked, from its log; "" where it did not.
func (p *process) panicked() string {
	text, _ := os.ReadFile(p.log)
	i := strings.LastIndex(string(text), "\npanic: ")
	if i < 0 {
		return ""
	}
	return string(text[i:min(len(text), i+2000)])
}

// tail returns the end of the process's log.
func (p *process) tail() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-4000):])
}
