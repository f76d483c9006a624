// Command meshes prints random meshes of the oracle's generator as JSON, one a line, for those who show them to real proxies
// (test/proxies); or attacks of the attack search. A mesh depends on the seed and its number alone.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"

	"github.com/tlsward/tlsward/test/oracle"
)

func main() {
	seed := flag.Uint64("seed", 1, "seed of the generator")
	first := flag.Uint64("first", 0, "number of the first mesh")
	count := flag.Uint64("count", 1, "how many meshes")
	ambient := flag.Bool("ambient", false, "meshes with waypoints")
	attacks := flag.Bool("attacks", false, "attacks: {Victims: [object], Writes: [{Operation, Object}]}, without writes that Istio's own webhook refuses")
	flag.Parse()
	out := json.NewEncoder(os.Stdout)
	for i := *first; i < *first+*count; i++ {
		if err := out.Encode(made(oracle.NewGenerator(*seed, i), *ambient, *attacks)); err != nil {
			fmt.Fprintln(os.Stderr, "meshes:", err)
			os.Exit(1)
		}
	}
}

func made(g *oracle.Generator, ambient, attacks bool) any {
	switch {
	case attacks && ambient:
		return g.AmbientAttack().Valid()
	case attacks:
		return g.Attack().Valid()
	case ambient:
		return g.AmbientMesh()
	}
	return g.RoutedMesh()
}
