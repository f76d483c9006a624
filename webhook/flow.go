package webhook

import (
	"k8s.io/apimachinery/pkg/types"

	"github.com/tlsward/tlsward/webhook/fairqueue"
)

// headSize is how much of a body is looked at for the flow of its review, in bytes: the API server writes the namespace
// and the user's name before groups and objects (k8s.io/api/admission/v1, AdmissionRequest).
const headSize = 4 << 10

// uidOf returns the uid of the AdmissionReview that begins with head, which the API server writes first of the request; "" where
// head does not tell it.
func uidOf(head []byte) types.UID {
	s := headScanner{rest: head}
	if !s.enterObject() || s.seek("request") == "" || !s.enterObject() || s.seek("uid") == "" {
		return ""
	}
	uid, _ := s.text() // what is cut off is not told
	return types.UID(uid)
}

// flowOf returns the flow of the AdmissionReview that begins with head. What head does not tell is "".
func flowOf(head []byte) fairqueue.Flow {
	s := headScanner{rest: head}
	if !s.enterObject() || s.seek("request") == "" || !s.enterObject() {
		return fairqueue.Flow{}
	}
	var namespace, user string
	key := s.seek("namespace", "userInfo")
	if key == "namespace" {
		var ok bool
		if namespace, ok = s.text(); ok {
			key = s.seek("userInfo")
		}
	}
	if key == "userInfo" && s.enterObject() && s.seek("username") != "" {
		user, _ = s.text() // what is cut off is not told
	}
	return fairqueue.FlowOf(namespace, user)
}
