#!/bin/sh
# Builds the plain opa program, of the version that this tree builds with, from its Go module into bin/ at the root of
# the tree, and prints where it is. It does nothing where bin/ holds that version. The first build takes about a minute.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
bin=${here%/test/opa}/bin
module=github.com/open-policy-agent/opa
version=$(cd "$here/command" && go list -m -f '{{.Version}}' $module)
opa=$bin/opa-$version

if [ ! -x "$opa" ]; then
	mkdir -p "$bin"
	(cd "$here/command" && CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$bin/.opa.$$" $module)
	mv "$bin/.opa.$$" "$opa" # a half-built file never stands at its final name
fi
echo "$opa"
