package tlsward.lib

# covers is true if a host pattern ("*", "*.example.com", "db.example.com") covers a name. Case does not matter, and a
# wildcard covers what is below it, not its own domain.
covers(pattern, _) if pattern == "*"

covers(pattern, name) if lower(pattern) == lower(name)

covers(pattern, name) if {
	startswith(pattern, "*.")
	endswith(lower(name), lower(substring(pattern, 1, -1)))
}
