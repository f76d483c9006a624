package tlsward.lib

# METADATA
# scope: document
# description: |-
#   Whether a host pattern ("*", "*.example.com", "db.example.com") matches a name, regardless of case. A wildcard matches
#   the names below its domain, and not the domain itself.
host_matches(pattern, _) if pattern == "*"

host_matches(pattern, name) if lower(pattern) == lower(name)

host_matches(pattern, name) if {
	startswith(pattern, "*.")
	endswith(lower(name), lower(substring(pattern, 1, -1)))
}
