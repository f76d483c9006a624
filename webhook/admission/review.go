package admission

// Review is one admission review. Objects are raw JSON.
type Review struct {
	// Operation is policies.Create, policies.Update or policies.Delete; others are allowed at once.
	Operation string
	// Object is the object as it would be stored, on CREATE and UPDATE.
	Object []byte
	// OldObject is the object as it is stored, on UPDATE and DELETE.
	OldObject []byte
	// Username and Groups are who asks, as the API server authenticated them.
	Username string
	Groups   []string
	// Namespace is the namespace of the request, for an object that does not name its own.
	Namespace string
	// DryRun reports whether the object will not be stored, whatever the answer.
	DryRun bool
}

// ObjectError says that the object under review cannot be read as its kind, or makes more work than any object may: its
// author is at fault.
type ObjectError struct{ Err error }

// Error names the object and the field.
func (e *ObjectError) Error() string { return e.Err.Error() }

// Unwrap returns the reason.
func (e *ObjectError) Unwrap() error { return e.Err }
