// Package explain is the command `tlsward explain`: it says where the bytes go that a client sends to a host, hop by
// hop, and which object decided on their TLS.
//
// The answers are package mesh's; here they are put into words.
package explain
