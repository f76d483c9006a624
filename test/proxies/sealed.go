//go:build proxies

package proxies

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
)

// sealedVariable is set in the process that runs inside the sealed world.
const sealedVariable = "TLSWARD_SEALED"

// isSealed reports whether this process runs inside the sealed world.
func isSealed() bool { return os.Getenv(sealedVariable) != "" }

// runSealed runs this program again with the same arguments in network, mount and PID namespaces of its own, and returns its exit
// code. Whatever it starts there ends with it, and its namespaces with that, however it ends: the kernel ends all processes of
// a PID namespace with its first, and that one with the thread that started it.
func runSealed() (int, error) {
	runtime.LockOSThread()
	self, err := os.Executable()
	if err != nil {
		return 0, fmt.Errorf("find this program: %w", err)
	}
	cmd := exec.Command(self, os.Args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), sealedVariable+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID, Pdeathsig: syscall.SIGKILL,
	}
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt, syscall.SIGTERM)
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("make the sealed world's namespaces: %w", err)
	}
	go func() {
		<-interrupts
		_ = cmd.Process.Kill()
	}()
	err = cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return max(exit.ExitCode(), 1), nil
	}
	return 0, err
}

// The sealed world's own directories, on a file system in memory that ends with it.
const (
	runDir = "/run"
	// home is where the world keeps its files. Envoys and agents read there.
	home = runDir + "/tlsward"
)

// seal makes this process's mount namespace the world's own: /run is new, so that no network namespace has a name outside, the
// resolver is the world's, and so are the roots that the system trusts.
func seal(roots []byte) error {
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("keep mounts private: %w", err)
	}
	if err := syscall.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	if err := syscall.Mount("tmpfs", runDir, "tmpfs", 0, "mode=755"); err != nil {
		return fmt.Errorf("mount %s: %w", runDir, err)
	}
	for _, dir := range []string{home, runDir + "/netns"} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("make the world's directories: %w", err)
		}
	}
	return errors.Join(
		replaceFile("/etc/resolv.conf", []byte("nameserver "+gateway+"\n")),
		replaceFile(systemRoots, roots),
	)
}

// systemRoots is where pilot-agent and Envoy find the roots that the system trusts (istio.io/istio security/pkg/util
// GetCABundlePath, of Debian).
const systemRoots = "/etc/ssl/certs/ca-certificates.crt"

// replaceFile has a file be another one in this mount namespace.
func replaceFile(path string, content []byte) error {
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return fmt.Errorf("replace %s: %w", path, err)
	}
	other := filepath.Join(home, filepath.Base(path))
	if err := os.WriteFile(other, content, 0o644); err != nil {
		return fmt.Errorf("replace %s: %w", path, err)
	}
	if err := syscall.Mount(other, target, "", syscall.MS_BIND, ""); err != nil {
		return fmt.Errorf("replace %s: %w", path, err)
	}
	return nil
}
