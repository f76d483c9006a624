# METADATA
# title: No rules
# description: DestinationRules are written by the platform team alone.
# custom:
#   id: no-rules
#   action: deny
#   kinds: [DestinationRule]
package tlsward.no_rules

violation contains {"message": "no new rules"} if input.request.operation == data.words.operation
