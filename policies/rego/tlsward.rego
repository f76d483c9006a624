# METADATA
# title: tlsward
# description: |-
#   Every policy is in a package of its own below this one. What it reads is checked
#   against this schema.
# scope: subpackages
# schemas:
#   - input: schema.input
package tlsward
