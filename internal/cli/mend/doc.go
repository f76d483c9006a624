// Package mend makes the fixes that findings print in the text of the files that the objects stand in: objects are changed
// where they stand, with all comments, and new ones come into a document of their own.
//
// What is wrong is found by package check, and what mends it is said by policies; how text is edited is decided by package
// yamledit. Nothing is written here.
package mend
