package mutators

import (
	"maps"
	"slices"
	"strconv"
)

func sortedKeys(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }

func itoa(n uint32) string { return strconv.FormatUint(uint64(n), 10) }
