package mesh

// OutsideModel is something that Istio may obey and the model does not know, so that what a review says of its connections is
// not certain.
type OutsideModel struct {
	// Field is the path of it in the object under review: "metadata.labels[istio.io/x]", "spec.http[0].x".
	Field string `json:"field"`
}

// OutsideModelOf returns what the model does not know of an object under review; nil where it is deleted.
func OutsideModelOf(object *Object) []OutsideModel {
	if object == nil {
		return nil
	}
	var found []OutsideModel
	for _, field := range append(unknownMetadata(object), object.Unknown...) {
		found = append(found, OutsideModel{Field: field})
	}
	return found
}
