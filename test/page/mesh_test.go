package page

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// build builds the program, and returns the path of it.
func build(t testing.TB) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "tlsward")
	cmd := exec.Command("go", "build", "-o", program, "./cmd/tlsward")
	cmd.Dir, cmd.Env = "../..", append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// write has the program write the page of manifests, and returns its path.
func write(t testing.TB, program, manifests string, args ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "report.html")
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, append([]string{"report", "-f", manifests, "-o", "html"}, args...)...)
	cmd.Stdout, cmd.Stderr = out, os.Stderr
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// serve has the program serve the page of manifests until the test ends, and returns its address.
func serve(t testing.TB, program, manifests string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, "report", "-f", manifests, "--serve", "--port", "0", "--every", "100ms")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Wait() }) // its context has ended
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	url, _, _ := strings.Cut(line, " ")
	return url
}

// replaceFile writes a file at once.
func replaceFile(t testing.TB, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// largeMesh writes manifests of a mesh: each host has an entry, in one of the namespaces, and nearly each a rule; every fifth
// namespace has a Sidecar and every tenth rule is for its own namespace alone. Host 7 is the worst: in plaintext for all.
func largeMesh(t testing.TB, namespaces, hosts int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "mesh.yaml")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriter(f)
	for n := range namespaces {
		fmt.Fprintf(w, "apiVersion: v1\nkind: Namespace\nmetadata: {name: team-%d}\n---\n", n)
		fmt.Fprintf(w, "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: team-%d}\nspec: {selector: {app: web}, ports: [{port: 80}]}\n---\n", n)
		if n%5 == 4 {
			fmt.Fprintf(w, "apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {name: default, namespace: team-%d}\nspec: {egress: [{hosts: [\"./*\", \"team-%d/*\"]}], outboundTrafficPolicy: {mode: REGISTRY_ONLY}}\n---\n", n, n-1)
		}
	}
	for h := range hosts {
		name, namespace := fmt.Sprintf("api-%d.vendor-%d.example", h, h%97), fmt.Sprintf("team-%d", h%namespaces)
		fmt.Fprintf(w, "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: host-%d, namespace: %s}\nspec:\n  hosts: [%s]\n  ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}, {number: 443, name: tls, protocol: TLS}]\n  resolution: DNS\n---\n", h, namespace, name)
		export, sni := "", ""
		switch {
		case h%50 == 7:
			continue
		case h%10 == 3:
			export = "\n  exportTo: [\".\"]"
		case h%40 == 2:
			sni = ", sni: " + name
		}
		fmt.Fprintf(w, "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: host-%d, namespace: %s}\nspec:\n  host: %s%s\n  trafficPolicy: {portLevelSettings: [{port: {number: 80}, tls: {mode: SIMPLE%s}}]}\n---\n", h, namespace, name, export, sni)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}
