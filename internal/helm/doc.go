// Package helm renders a chart with Helm's own packages, and knows of each object from which template it is.
//
// It asks no cluster and fetches nothing. What the objects mean does not belong here.
package helm
