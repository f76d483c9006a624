# METADATA
# title: tlsward
# description: Every policy is in a package of its own below this one. What they read is checked against these schemas.
# scope: subpackages
# schemas:
#   - input: schema.input
#   - data.params: schema.params
package tlsward
