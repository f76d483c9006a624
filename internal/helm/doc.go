// Package helm renders a chart with Helm's own packages, and knows of each object from which template it is.
//
// It asks no cluster, and fetches nothing but the schemas elsewhere that a values.schema.json refers to. What the objects mean does not belong here.
package helm
