// Package node runs a whole Kubernetes on this machine: control plane, containerd, kubelet and kube-proxy, with images
// made from static binaries. It needs root on Linux, and Debian's containerd, runc, containernetworking-plugins,
// iptables and conntrack, which it installs where they are missing. All state is in one directory; Stop takes back
// what is outside of it.
//
// It is for what only pods, probes, rollouts and Services can show. Load belongs on loopback.
package node
