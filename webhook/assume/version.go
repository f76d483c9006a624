package assume

import "strconv"

// Version identifies one stored state of an object.
type Version struct {
	UID             string
	ResourceVersion string
}

// newer reports whether resource version a is later than b; "" is before all. They are numbers that grow, which
// Kubernetes guarantees since 1.35 and etcd has always given. Anything else counts as later where it differs.
func newer(a, b string) bool {
	if b == "" {
		return true
	}
	x, errA := strconv.ParseUint(a, 10, 64)
	y, errB := strconv.ParseUint(b, 10, 64)
	if errA != nil || errB != nil {
		return a != b
	}
	return x > y
}
