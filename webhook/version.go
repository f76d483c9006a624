package webhook

import "strconv"

// seenIn says whether an object stored in version v is this write, or a later one.
func (p pending) seenIn(v Version) bool {
	if p.base.UID != "" && p.base.UID != v.UID {
		return false // another object of this name, from before or after: time will tell
	}
	return newer(v.ResourceVersion, p.base.ResourceVersion)
}

// newer says whether resource version a is later than b; "" is before all. They are numbers that grow, which
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
