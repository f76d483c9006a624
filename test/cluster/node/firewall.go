package node

import (
	"context"
	"os/exec"
	"strings"
)

// tables are those of iptables that Kubernetes writes to.
var tables = []string{"filter", "nat", "mangle"}

// rules returns the rules of a table that concern Kubernetes, as iptables prints them, and the names of its own chains.
func rules(ctx context.Context, table string) (foreign, chains []string) {
	out, err := exec.CommandContext(ctx, "iptables", "-w", "-t", table, "-S").Output()
	if err != nil {
		return nil, nil
	}
	for _, line := range strings.Split(string(out), "\n") {
		if chain, ok := strings.CutPrefix(line, "-N KUBE-"); ok {
			chains = append(chains, "KUBE-"+chain)
		} else if rest, ok := strings.CutPrefix(line, "-A "); ok && !strings.HasPrefix(rest, "KUBE-") && strings.Contains(rest, "-j KUBE-") {
			foreign = append(foreign, rest)
		}
	}
	return foreign, chains
}

// hasFirewall reports whether Kubernetes has written rules on this machine already: they are then not ours to take
// back.
func hasFirewall(ctx context.Context) bool {
	for _, table := range tables {
		if _, chains := rules(ctx, table); len(chains) > 0 {
			return true
		}
	}
	return false
}

// removeFirewall takes back what kubelet and kube-proxy wrote.
func removeFirewall(ctx context.Context) {
	for _, table := range tables {
		foreign, chains := rules(ctx, table)
		var script strings.Builder
		for _, rule := range foreign { // quoted by iptables as a shell wants it
			script.WriteString("iptables -w -t " + table + " -D " + rule + "\n")
		}
		for _, flag := range []string{"-F ", "-X "} { // chains point at each other: all empty first
			for _, chain := range chains {
				script.WriteString("iptables -w -t " + table + " " + flag + chain + "\n")
			}
		}
		_ = exec.CommandContext(ctx, "sh", "-c", script.String()).Run()
	}
}
