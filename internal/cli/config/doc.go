// Package config is the command `tlsward config check`: it tells what is wrong with configuration files, before a server is asked to
// obey them.
//
// What a Config may say is in api/v1alpha1; that its mesh and its policies can be made is asked of the packages that make them.
package config
