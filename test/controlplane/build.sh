#!/bin/sh
# Builds the control plane that the end-to-end tests run against, kube-apiserver and etcd, from their Go modules into
# bin/ at the root of the tree. It does nothing where KUBEBUILDER_ASSETS names a directory that has them already, and
# nothing where bin/ holds these versions. The first build takes about ten minutes on two cores. With the argument
# "node" it also builds what a node and its cluster need, in some minutes more.
set -eu

kubernetes=v1.36.3
etcd=v3.7.3

here=$(cd "$(dirname "$0")" && pwd)
bin=${here%/test/controlplane}/bin

if [ "${1:-}" != node ] && [ -n "${KUBEBUILDER_ASSETS:-}" ] && [ "$KUBEBUILDER_ASSETS" != "$bin" ]; then
	exit 0
fi

# has NAME VERSION FLAG: bin/NAME is there and says that it is of this version.
has() {
	[ -x "$bin/$1" ] && "$bin/$1" --version 2>/dev/null | grep -qF "$2"
}

# build NAME [LDFLAGS]: a half-built file never stands at its final name.
build() {
	echo "building $1 (once; minutes on a cold cache)" >&2
	(cd "$here" && CGO_ENABLED=0 go build -trimpath -ldflags "-s -w ${2:-}" -o "$bin/.$1.$$" "./$1")
	mv "$bin/.$1.$$" "$bin/$1"
}

mkdir -p "$bin"
# Two test runs at once share one build.
if command -v flock >/dev/null 2>&1; then
	exec 9>"$bin/.lock"
	flock 9
fi

minor=${kubernetes#v1.}
minor=${minor%%.*}
version=k8s.io/component-base/version

has etcd "etcd Version: ${etcd#v}" || build etcd
stamp="-X $version.gitVersion=$kubernetes -X $version.gitMajor=1 -X $version.gitMinor=$minor"
has kube-apiserver "Kubernetes $kubernetes" || build kube-apiserver "$stamp"

if [ "${1:-}" = node ]; then
	for name in kube-controller-manager kube-scheduler kubelet kube-proxy; do
		has $name "Kubernetes $kubernetes" || build $name "$stamp"
	done
fi
