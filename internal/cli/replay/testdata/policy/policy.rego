# METADATA
# title: Entries have an owner
# description: A ServiceEntry says in the label "owner" who answers for it.
# custom:
#   id: owned
#   action: deny
#   kinds: [ServiceEntry]
package tlsward.owned

violation contains {"message": "the label owner is missing"} if not input.object.metadata.labels.owner
