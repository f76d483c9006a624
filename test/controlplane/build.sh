#!/bin/sh
# Builds the control plane that the end-to-end tests run against, kube-apiserver and etcd, from their Go modules into
# bin/ at the root of the tree. It does nothing where KUBEBUILDER_ASSETS names a directory that has them already, and
# nothing where bin/ holds these versions. The first build takes about ten minutes on two cores. With the argument
# "node" it also builds what a node and its cluster need, in some minutes more; with "oldest" an API server of the oldest
# Kubernetes that the chart allows, beside etcd, in bin/oldest.
set -eu

kubernetes=v1.36.3
oldest=v1.30.14
etcd=v3.7.3

here=$(cd "$(dirname "$0")" && pwd)
bin=${here%/test/controlplane}/bin

if [ -z "${1:-}" ] && [ -n "${KUBEBUILDER_ASSETS:-}" ] && [ "$KUBEBUILDER_ASSETS" != "$bin" ]; then
	exit 0
fi

# has NAME VERSION: bin/NAME is there and says that it is of this version.
has() {
	[ -x "$bin/$1" ] && "$bin/$1" --version 2>/dev/null | grep -qF "$2"
}

# build NAME [LDFLAGS] [DIRECTORY]: a half-built file never stands at its final name.
build() {
	echo "building $1 (once; minutes on a cold cache)" >&2
	(cd "$here/${3:-}" && CGO_ENABLED=0 go build -trimpath -ldflags "-s -w ${2:-}" -o "$bin/.${1##*/}.$$" "./${1##*/}")
	mv "$bin/.${1##*/}.$$" "$bin/$1"
}

# stamp VERSION: the flags of the linker by which Kubernetes says that it is of this version.
stamp() {
	minor=${1#v1.}
	package=k8s.io/component-base/version
	echo "-X $package.gitVersion=$1 -X $package.gitMajor=1 -X $package.gitMinor=${minor%%.*}"
}

mkdir -p "$bin/oldest"
# Two test runs at once share one build.
if command -v flock >/dev/null 2>&1; then
	exec 9>"$bin/.lock"
	flock 9
fi

has etcd "etcd Version: ${etcd#v}" || build etcd
if [ "${1:-}" = oldest ]; then
	has oldest/kube-apiserver "Kubernetes $oldest" || build oldest/kube-apiserver "$(stamp $oldest)" oldest
	ln -sf ../etcd "$bin/oldest/etcd"
	exit 0
fi
has kube-apiserver "Kubernetes $kubernetes" || build kube-apiserver "$(stamp $kubernetes)"

if [ "${1:-}" = node ]; then
	for name in kube-controller-manager kube-scheduler kubelet kube-proxy; do
		has $name "Kubernetes $kubernetes" || build $name "$(stamp $kubernetes)"
	done
fi
