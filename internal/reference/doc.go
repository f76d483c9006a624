// Package reference makes from the types of api/v1alpha1 what describes them to others: the JSON Schemas of the Config and of
// the chart's values, and docs/configuration.md.
//
// Its test holds the files against it; `make docs` writes them.
package reference
