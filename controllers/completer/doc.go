// Package completer finds what is stored and lacks what the mutating webhook would fill in, since it was there before, or since what
// it waited for came later. It is counted, and completed where the configuration says so (mutation.existing), by the leader alone. What
// would be filled in, the webhook's own code decides. What a person must mend is never touched.
package completer
