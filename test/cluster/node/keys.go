package node

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"strings"
)

// identities are the users of the cluster, each with a token of its own: name, groups.
var identities = map[string]struct{ user, groups string }{
	"admin":                   {"admin", "system:masters"},
	"kube-controller-manager": {"system:kube-controller-manager", ""},
	"kube-scheduler":          {"system:kube-scheduler", ""},
	"kube-proxy":              {"system:kube-proxy", ""},
	"kubelet":                 {"system:node:" + nodeName, "system:nodes"},
}

// nodeName is the one node's.
const nodeName = "tlsward-test"

// writeTokens makes a token for everyone, and the file that tells the API server.
func (n *Node) writeTokens() error {
	var lines strings.Builder
	n.tokens = map[string]string{}
	for name, id := range identities {
		n.tokens[name] = rand.Text()
		fmt.Fprintf(&lines, "%s,%s,%s,%q\n", n.tokens[name], id.user, name, id.groups)
	}
	return n.write("tokens.csv", lines.String())
}

// writeAccountKey makes the key that service-account tokens are signed with.
func (n *Node) writeAccountKey() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make the key for service accounts: %w", err)
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return fmt.Errorf("make the key for service accounts: %w", err)
	}
	return n.write("accounts.key", string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})))
}

// writeKubeconfig writes that of one identity.
func (n *Node) writeKubeconfig(name string) error {
	return n.write(name+".kubeconfig", fmt.Sprintf(`apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "https://%s:%d", certificate-authority: %s}}]
users: [{name: u, user: {token: %s}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
`, n.address, n.ports[0], n.path("apiserver", "apiserver.crt"), n.tokens[name]))
}

func (n *Node) write(name, content string) error {
	if err := os.WriteFile(n.path(name), []byte(content), 0o600); err != nil {
		return fmt.Errorf("prepare the cluster: %w", err)
	}
	return nil
}
