{{/* The policies of which one object alone can show that they deny, and the action that each has where the configuration has no other. */}}
{{- define "tlsward.floorPolicies" -}}
missing-principals: deny
invalid-principal: deny
any-principal: warn
unenforced-policy: warn
{{- end -}}

{{/* Where the configuration has a policy deny, and what the floor does there: {action, namespaces}; nothing where it denies nowhere. The
     arguments are the root, the policy's id, and its own action. */}}
{{- define "tlsward.floorScope" -}}
{{- $root := index . 0 -}}
{{- $id := index . 1 -}}
{{- $config := $root.Values.config | default dict -}}
{{- $denies := eq (index . 2) "deny" -}}
{{- $only := list -}}
{{- $exempt := append $root.Values.webhook.exemptNamespaces $root.Release.Namespace -}}
{{- with index ($config.policies | default dict) $id -}}
{{- if not .namespaces -}}
{{- $denies = eq (toString .action) "deny" -}}
{{- else if and (eq (toString .action) "deny") (not $denies) -}}
{{- $denies = true -}}
{{- $only = .namespaces -}}
{{- else if ne (toString .action) "deny" -}}
{{- $exempt = concat $exempt .namespaces -}}
{{- end -}}
{{- end -}}
{{/* One for hosts is for connections. Its last day is not looked at: the API server has no clock for it. */}}
{{- range $config.exemptions -}}
{{- if and (eq .policy $id) (not .hosts) -}}
{{- $exempt = concat $exempt (.namespaces | default list) -}}
{{- $denies = and $denies (not (empty .namespaces)) -}}
{{- end -}}
{{- end -}}
{{- if $denies -}}
{{- $action := "" -}}
{{- range list "audit" "warn" "deny" -}}
{{- if and (not $action) (has . (list $root.Values.floor ($config.enforcement | default "deny"))) -}}
{{- $action = . -}}
{{- end -}}
{{- end -}}
action: {{ $action }}
namespaces:
  - {key: kubernetes.io/metadata.name, operator: NotIn, values: {{ uniq $exempt | toJson }}}
  {{- with $only }}
  - {key: kubernetes.io/metadata.name, operator: In, values: {{ toJson . }}}
  {{- end }}
  {{- if include "tlsward.enforcementByNamespace" $root }}
  - {key: tlsward.io/enforcement, operator: NotIn, values: [audit, warn]}
  {{- end }}
{{- end -}}
{{- end -}}

{{/* Whether an annotation has proxies only count what a policy would do: what strconv.ParseBool takes for true, as Istio does. */}}
{{- define "tlsward.floorDryRun" -}}
(object.metadata.?annotations[?"istio.io/dry-run"].orValue("") in ["1", "t", "T", "TRUE", "true", "True"])
{{- end -}}

{{/* Each source of an ALLOW rule asks for an identity, or a condition of the rule does. Where a selector, or a target, may be of an ingress
     gateway as the mesh has it, nothing is said. In the mesh's root namespace gateways of all namespaces may be meant: which one that is,
     the configuration says, or it is one of Istio's. */}}
{{- define "tlsward.floor.missing-principals" -}}
{{- $mesh := (.Values.config).mesh | default dict -}}
{{- $roots := concat .Values.webhook.istioNamespaces (compact (list $mesh.rootNamespace ($mesh.meshConfig).rootNamespace)) -}}
{{- $params := index ((.Values.config).params | default dict) "missing-principals" | default dict -}}
variables:
  - name: targets
    expression: >-
      object.?spec.?targetRefs.orValue([]) + (object.?spec.?targetRef.hasValue() ? [object.spec.targetRef] : [])
  - name: selector
    expression: object.?spec.?selector.?matchLabels.orValue({})
  - name: atWorkloads
    expression: >-
      size(variables.targets) > 0 ?
      variables.targets.exists(t, t.?group.orValue("") != "gateway.networking.k8s.io" || t.?kind.orValue("") != "Gateway") :
      size(variables.selector) == 0
      {{- with $mesh.ingressGateways }} || !(
      {{- range $i, $g := . }}{{ if $i }} ||{{ end }}
      request.namespace in {{ append $roots $g.namespace | uniq | toJson }} &&
      ({{ $g.labels | toJson }}.all(k, variables.selector[?k] == optional.of({{ $g.labels | toJson }}[k])) ||
      variables.selector.all(k, {{ $g.labels | toJson }}[?k] == optional.of(variables.selector[k])))
      {{- end }})
      {{- end }}
validations:
  - expression: >-
      object.?spec.?action.orValue("ALLOW") != "ALLOW" || {{ include "tlsward.floorDryRun" . }} ||
      !variables.atWorkloads || object.?spec.?rules.orValue([]).all(r,
      r.?when.orValue([]).exists(c, c.key in ["source.principal", "source.serviceAccount"] && size(c.?values.orValue([])) > 0) ||
      size(r.?from.orValue([])) > 0 && r.from.all(f,
      size(f.?source.?principals.orValue([])) > 0 || size(f.?source.?serviceAccounts.orValue([])) > 0
      {{- if $params.acceptNamespaces }} || size(f.?source.?namespaces.orValue([])) > 0{{ end }}
      {{- if $params.acceptRequestPrincipals }} || size(f.?source.?requestPrincipals.orValue([])) > 0{{ end }}))
    message: >-
      missing-principals: an ALLOW rule has a source without a workload identity, or none, so that whoever reaches the port is let in. Name the
      workloads that may call in source.principals.
    reason: Forbidden
{{- end -}}

{{/* Whether an expression holds for principals of an object: those of the sources and those of the conditions. The arguments are the words for
     rules and for their parts, all or exists; what joins a source's and a condition's, && or ||; which of them; and the expression, of p. */}}
{{- define "tlsward.floorPrincipals" -}}
{{- $quantifier := index . 0 -}}{{- $joined := index . 1 -}}{{- $negated := index . 2 -}}{{- $holds := index . 3 -}}
object.?spec.?rules.orValue([]).{{ $quantifier }}(r, r.?from.orValue([]).{{ $quantifier }}(f,
(f.?source.?principals.orValue([]){{ if $negated }} + f.?source.?notPrincipals.orValue([]){{ end }}).{{ $quantifier }}(p, {{ $holds }})) {{ $joined }}
r.?when.orValue([]).filter(c, c.key == "source.principal").{{ $quantifier }}(c,
(c.?values.orValue([]){{ if $negated }} + c.?notValues.orValue([]){{ end }}).{{ $quantifier }}(p, {{ $holds }})))
{{- end -}}

{{/* Every principal is one that some identity equals. */}}
{{- define "tlsward.floor.invalid-principal" -}}
{{- $equalsSome := `!p.startsWith("spiffe://") && !p.contains("<") && !p.startsWith("ns/") && p.matches(r'^([*][^*]*|[^*]*[*]?)$')` -}}
validations:
  - expression: >-
      {{- include "tlsward.floorPrincipals" (list "all" "&&" true $equalsSome) | nindent 6 }}
    message: >-
      invalid-principal: no identity ever equals one of the principals. Write cluster.local/ns/NAMESPACE/sa/NAME, without spiffe://, and a * as the
      first or the last character alone.
    reason: Forbidden
{{- end -}}

{{/* No principal of an ALLOW policy is one that every identity of a trust domain equals. */}}
{{- define "tlsward.floor.any-principal" -}}
{{- $equalsAll := `p.endsWith("*") && (p.substring(0, size(p) - 1).split("/")[0] + "/ns/").startsWith(p.substring(0, size(p) - 1))` -}}
validations:
  - expression: >-
      object.?spec.?action.orValue("ALLOW") != "ALLOW" || !(
      {{- include "tlsward.floorPrincipals" (list "exists" "||" false $equalsAll) | nindent 6 }})
    message: "any-principal: a principal lets any workload of the mesh in, from every namespace. Name the workloads that may call."
    reason: Forbidden
{{- end -}}

{{/* The policy is enforced. */}}
{{- define "tlsward.floor.unenforced-policy" -}}
validations:
  - expression: >-
      !{{ include "tlsward.floorDryRun" . }}
    message: "unenforced-policy: with the annotation istio.io/dry-run, proxies only count what the policy would do."
    reason: Forbidden
{{- end -}}
