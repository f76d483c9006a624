// Package page tests the page of `tlsward report -o html` in headless Chromium, which has to be installed (Debian: chromium). It is
// a module of its own, so that the program's own tests need Go alone: `make page`.
package page
