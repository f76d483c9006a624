package webhook

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/tlsward/tlsward/webhook/fairqueue"
)

// headSize is how much of a body is looked at for the flow of its review, in bytes: the API server writes the namespace
// and the user's name before groups and objects (k8s.io/api/admission/v1, AdmissionRequest).
const headSize = 4 << 10

// flowOf returns the flow of the AdmissionReview that begins with head. What head does not tell is "".
func flowOf(head []byte) fairqueue.Flow {
	var namespace, user string
	d := json.NewDecoder(bytes.NewReader(head))
	if !enterObject(d) || seek(d, "request") == "" || !enterObject(d) {
		return fairqueue.Flow{}
	}
	key := seek(d, "namespace", "userInfo")
	if key == "namespace" && d.Decode(&namespace) == nil {
		key = seek(d, "userInfo")
	}
	if key == "userInfo" && enterObject(d) && seek(d, "username") != "" {
		_ = d.Decode(&user) // what is cut off is not told
	}
	return fairqueue.FlowOf(namespace, user)
}

// enterObject reads the beginning of a JSON object, and reports whether it was one.
func enterObject(d *json.Decoder) bool {
	token, err := d.Token()
	return err == nil && token == json.Delim('{')
}

// seek reads the fields of a JSON object up to the value of one of those keys, and returns the key, "" if there is none.
func seek(d *json.Decoder, keys ...string) string {
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return ""
		}
		if key, ok := token.(string); ok && slices.Contains(keys, key) {
			return key
		}
		var skipped json.RawMessage
		if d.Decode(&skipped) != nil {
			return ""
		}
	}
	return ""
}
