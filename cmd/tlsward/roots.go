package main

// The CA roots that browsers trust, for a machine that brings none: the image is the program and little else, and
// bundles of policies come over HTTPS. Where the machine has roots (or SSL_CERT_FILE names some), those count alone.
import _ "golang.org/x/crypto/x509roots/fallback"
