this is no Rego
