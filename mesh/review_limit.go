package mesh

// LimitError is the error of a review that an object makes larger than any review may be. Its author is at fault, or
// the author of what is stored for the same host.
type LimitError struct {
	Object Ref
	// Reason says what there is too much of, and what to do about it.
	Reason string
}

// Error returns the object and the reason.
func (e *LimitError) Error() string { return e.Object.String() + ": " + e.Reason }
