package diff

// op is what an edit does with a line.
type op byte

const (
	keep op = iota
	remove
	add
)

type edit struct {
	op   op
	line string
}

// maxDistance bounds the number of edits, and with it the work. Texts that have less in common are replaced whole.
const maxDistance = 4000

// compare returns the shortest edits that lead from a to b (Myers, "An O(ND) Difference Algorithm", 1986).
func compare(a, b []string) []edit {
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	var edits []edit
	for _, line := range a[:head] {
		edits = append(edits, edit{keep, line})
	}
	edits = append(edits, compareMiddle(a[head:len(a)-tail], b[head:len(b)-tail])...)
	for _, line := range a[len(a)-tail:] {
		edits = append(edits, edit{keep, line})
	}
	return edits
}

// compareMiddle compares texts whose first and last lines differ.
func compareMiddle(a, b []string) []edit {
	trace, found := furthestReaching(a, b)
	if !found {
		var edits []edit
		for _, line := range a {
			edits = append(edits, edit{remove, line})
		}
		for _, line := range b {
			edits = append(edits, edit{add, line})
		}
		return edits
	}
	return backtrack(a, b, trace)
}

// furthestReaching returns, for each number of edits d, how far into a one gets on each diagonal k (at index k+d+1).
func furthestReaching(a, b []string) (trace [][]int, found bool) {
	limit := min(len(a)+len(b), maxDistance)
	last := []int{0, 0, 0}
	for d := 0; d <= limit; d++ {
		next := make([]int, 2*d+5)
		for k := -d; k <= d; k += 2 {
			x := 0
			switch {
			case d == 0:
			case k == -d || k != d && last[k-1+d] < last[k+1+d]:
				x = last[k+1+d]
			default:
				x = last[k-1+d] + 1
			}
			for x < len(a) && x-k < len(b) && a[x] == b[x-k] {
				x++
			}
			next[k+d+1] = x
			if x >= len(a) && x-k >= len(b) {
				return append(trace, next), true
			}
		}
		trace = append(trace, next)
		last = next
	}
	return nil, false
}

// backtrack reads the edits from the trace, last first.
func backtrack(a, b []string, trace [][]int) []edit {
	var reversed []edit
	x, y := len(a), len(b)
	for d := len(trace) - 1; d > 0; d-- {
		last := trace[d-1]
		k := x - y
		down := k == -d || k != d && last[k-1+d] < last[k+1+d]
		from := k - 1
		if down {
			from = k + 1
		}
		// The edit leads from (px, py) to where the run of kept lines begins.
		px := last[from+d]
		py := px - from
		beginX, beginY := px+1, py
		if down {
			beginX, beginY = px, py+1
		}
		for x > beginX && y > beginY {
			x, y = x-1, y-1
			reversed = append(reversed, edit{keep, a[x]})
		}
		if down {
			reversed = append(reversed, edit{add, b[py]})
		} else {
			reversed = append(reversed, edit{remove, a[px]})
		}
		x, y = px, py
	}
	for x > 0 && y > 0 {
		x, y = x-1, y-1
		reversed = append(reversed, edit{keep, a[x]})
	}
	edits := make([]edit, len(reversed))
	for i, e := range reversed {
		edits[len(edits)-1-i] = e
	}
	return edits
}
