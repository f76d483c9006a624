// Package config reads a Config from a file, and follows the file as it changes.
//
// What a Config may say, its defaults and its checks are in api/v1alpha1; what it leads to does not belong here either.
package config
