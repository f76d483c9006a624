package cli

import "errors"

// ErrIssuesFound is returned by a command that did its work and found something: an object that is denied, a case that
// failed. The command has written what there is to say; the program exits with 1.
var ErrIssuesFound = errors.New("issues found")
