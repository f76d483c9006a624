package istiod

// TagKind is the kind of the webhook configurations that stand for tags, TagSelector the label that they have.
const (
	TagKind     = "MutatingWebhookConfiguration"
	TagSelector = "istio.io/tag"
)

// Tag returns the tag that a webhook configuration with these labels is, and the revision for which it stands
// (pkg/revisions/tag_watcher.go); ok is false where it is none.
func Tag(labels map[string]string) (tag, revision string, ok bool) {
	tag, revision = labels[TagSelector], labels["istio.io/rev"]
	return tag, revision, tag != "" && revision != ""
}
