package mesh

import (
	"bytes"
	"encoding/json"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// withoutProtoNames returns a message's JSON without the fields that go by their name in the definition (target_port for
// targetPort), and reports whether there were any. protojson takes them; the API server drops them where it decodes an object and
// where it stores it (apiextensions-apiserver pkg/apiserver/customresource_handler.go, unstructuredSchemaCoercer), so that Istio
// never sees them. They can still stand in files, and between two webhooks in what the first of them added.
func withoutProtoNames(raw json.RawMessage, message protoreflect.MessageDescriptor) (pruned json.RawMessage, dropped bool) {
	if !hasUnderscoredKey(raw) {
		return raw, false
	}
	var tree any
	if unmarshal(raw, &tree) != nil {
		return raw, false // the decoder says what is wrong
	}
	visitFields("", tree, message, func(_ string, known bool, f fieldOf) {
		if !known && f.message.Fields().ByTextName(f.name) != nil {
			delete(f.object, f.name)
			dropped = true
		}
	})
	if !dropped {
		return raw, false
	}
	pruned, err := json.Marshal(tree)
	if err != nil {
		return raw, false
	}
	return pruned, true
}

// hasUnderscoredKey reports whether an object in JSON has a key with an underscore, or with an escape that may stand for one. Most
// names in a definition have one; those without are the same in JSON. Values, as ISTIO_MUTUAL, are no keys.
func hasUnderscoredKey(raw []byte) bool {
	for {
		start := bytes.IndexByte(raw, '"')
		if start < 0 {
			return false
		}
		text, rest := quoted(raw[start+1:])
		if raw = bytes.TrimLeft(rest, " \t\r\n"); len(raw) > 0 && raw[0] == ':' && bytes.ContainsAny(text, `_\`) {
			return true
		}
	}
}

// quoted returns the text of a JSON string, as it is written, and what follows its closing quote.
func quoted(raw []byte) (text, rest []byte) {
	for i := 0; i < len(raw); i++ {
		switch raw[i] {
		case '\\':
			i++
		case '"':
			return raw[:i], raw[i+1:]
		}
	}
	return raw, nil
}
