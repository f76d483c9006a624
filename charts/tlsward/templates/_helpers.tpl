{{- define "tlsward.name" -}}
{{- default .Release.Name .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- end -}}

{{- define "tlsward.selector" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "tlsward.labels" -}}
{{ include "tlsward.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "tlsward.account" -}}
{{- default (include "tlsward.name" .) .Values.serviceAccount.name -}}
{{- end -}}

{{/* Resources of a server: those of its size (docs/install.md, docs/benchmarks.md), and over them the values'. */}}
{{- define "tlsward.resources" -}}
{{- $sizes := dict
  "small"  (dict "requests" (dict "cpu" "50m" "memory" "192Mi") "limits" (dict "memory" "512Mi"))
  "medium" (dict "requests" (dict "cpu" "100m" "memory" "320Mi") "limits" (dict "memory" "1Gi"))
  "large"  (dict "requests" (dict "cpu" "500m" "memory" "1Gi") "limits" (dict "memory" "2Gi")) -}}
{{- $resources := get $sizes .Values.server.size -}}
{{- range $part, $given := .Values.server.resources -}}
{{- if kindIs "map" $given -}}
{{- $merged := get $resources $part | default dict -}}
{{- range $name, $quantity := $given -}}
{{- if kindIs "invalid" $quantity }}{{ $_ := unset $merged $name }}{{ else }}{{ $_ := set $merged $name $quantity }}{{ end -}}
{{- end -}}
{{- $_ := set $resources $part $merged -}}
{{- else if kindIs "invalid" $given -}}
{{- $_ := unset $resources $part -}}
{{- else -}}
{{- $_ := set $resources $part $given -}}
{{- end -}}
{{- end -}}
{{ toYaml $resources }}
{{- end -}}

{{/* GOMEMLIMIT: nine tenths of the memory's limit; nothing where there is none, or where it is set in the values. */}}
{{- define "tlsward.memoryTarget" -}}
{{- $limit := dig "limits" "memory" "" (include "tlsward.resources" . | fromYaml) | toString -}}
{{- $set := false -}}
{{- range .Values.server.env }}{{ if eq .name "GOMEMLIMIT" }}{{ $set = true }}{{ end }}{{ end -}}
{{- if and (not $set) (regexMatch "^[0-9]+[MG]i$" $limit) -}}
{{- $mebi := regexFind "^[0-9]+" $limit | int64 -}}
{{- if hasSuffix "Gi" $limit }}{{ $mebi = mul $mebi 1024 }}{{ end -}}
{{ div (mul $mebi 9) 10 }}MiB
{{- end -}}
{{- end -}}

{{- define "tlsward.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ default $.Chart.AppVersion .tag }}{{ end }}
{{- end -}}
{{- end -}}

{{/* The Secret with the serving pair where the program does not make its own. */}}
{{- define "tlsward.pair" -}}
{{- if eq .Values.certificates.source "mounted" -}}
{{ required "certificates.mounted.secretName is needed where certificates.source is mounted" .Values.certificates.mounted.secretName }}
{{- else -}}
{{ include "tlsward.name" . }}-tls
{{- end -}}
{{- end -}}

{{/* The host in webhook.url. */}}
{{- define "tlsward.urlHost" -}}
{{- $host := (urlParse .Values.webhook.url).host -}}
{{- if hasPrefix "[" $host -}}
{{- regexReplaceAll "^\\[(.*)\\](:[0-9]+)?$" $host "${1}" -}}
{{- else -}}
{{- regexReplaceAll ":[0-9]+$" $host "" -}}
{{- end -}}
{{- end -}}

{{/* failurePolicy of the validating webhook. An upgrade keeps what the program has closed. */}}
{{- define "tlsward.failurePolicy" -}}
{{- if ne .Values.webhook.failurePolicy "auto" -}}
{{ .Values.webhook.failurePolicy }}
{{- else -}}
{{- $policy := "Ignore" -}}
{{- $found := lookup "admissionregistration.k8s.io/v1" "ValidatingWebhookConfiguration" "" (include "tlsward.name" .) -}}
{{- if $found -}}
{{- range $found.webhooks -}}
{{- if eq .name "validate.tlsward.io" -}}
{{- $policy = .failurePolicy -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{ $policy }}
{{- end -}}
{{- end -}}

{{/* clientConfig of a webhook; the argument is a list of the root and the path. caBundle is not rendered where the
     program or cert-manager publishes it, so that an upgrade does not wipe it. */}}
{{- define "tlsward.clientConfig" -}}
{{- $root := index . 0 -}}
{{- $path := index . 1 -}}
{{- with $root.Values.webhook.url -}}
url: {{ trimSuffix "/" . }}{{ $path }}
{{- else -}}
service:
  name: {{ include "tlsward.name" $root }}
  namespace: {{ $root.Release.Namespace }}
  port: 443
  path: {{ $path }}
{{- end }}
{{- if eq $root.Values.certificates.source "mounted" }}
caBundle: {{ required "certificates.mounted.caBundle is needed where certificates.source is mounted" $root.Values.certificates.mounted.caBundle | b64enc }}
{{- end }}
{{- end -}}

{{/* What all webhooks leave out, and how they are asked. */}}
{{- define "tlsward.namespaces" -}}
{{- $exempt := append .Values.webhook.exemptNamespaces .Release.Namespace | uniq -}}
{{- if and (eq .Values.webhook.failurePolicy "auto") (has .Values.webhook.probeNamespace .Values.webhook.exemptNamespaces) -}}
{{- fail (printf "webhook.probeNamespace is %s, which is exempt: the program could never see a refusal there" .Values.webhook.probeNamespace) -}}
{{- end -}}
admissionReviewVersions: [v1]
sideEffects: None
matchPolicy: Equivalent
namespaceSelector:
  matchExpressions:
    # By name, which nobody can change: a label could be set by whoever owns the namespace.
    - key: kubernetes.io/metadata.name
      operator: NotIn
      values: {{ $exempt | toJson }}
{{- end -}}

{{/* Which writes of Istio's objects both webhooks look at. */}}
{{- define "tlsward.scope" -}}
{{ include "tlsward.namespaces" . }}
{{ include "tlsward.changes" . }}
{{- end -}}

{{- define "tlsward.changes" -}}
matchConditions:
  # An update that changes neither the spec nor labels nor annotations of Istio's (istio.io/dry-run, internal.istio.io/...)
  # changes nothing that proxies do.
  - name: spec-labels-or-annotations-change
    expression: >-
      request.operation != "UPDATE" || object.?spec != oldObject.?spec ||
      object.metadata.?labels != oldObject.metadata.?labels ||
      object.metadata.?annotations.orValue({}).exists(k, k.contains("istio.io/") &&
      object.metadata.?annotations[?k] != oldObject.metadata.?annotations[?k]) ||
      oldObject.metadata.?annotations.orValue({}).exists(k, k.contains("istio.io/") &&
      object.metadata.?annotations[?k] != oldObject.metadata.?annotations[?k])
{{- end -}}

{{/* What follows the names of Istio's Deployment and ConfigMap: the revision in the configuration. */}}
{{- define "tlsward.revisionSuffix" -}}
{{- include "tlsward.suffixOf" (((.Values.config).mesh).revision | default "default") -}}
{{- end -}}

{{/* What follows them for a revision. */}}
{{- define "tlsward.suffixOf" -}}
{{- if ne . "default" -}}-{{ . }}{{- end -}}
{{- end -}}

{{/* Whether tlsward keeps DestinationRules of its own, as config.mutation.companions says: not empty if so. */}}
{{- define "tlsward.companions" -}}
{{- if ne (toString (dig "mutation" "companions" true .Values.config)) "false" }}true{{ end }}
{{- end }}

{{/* Whether namespaces' labels are obeyed: only with the policy that says who may write them. */}}
{{- define "tlsward.enforcementByNamespace" -}}
{{- if or .Values.enforcementByNamespace.users .Values.enforcementByNamespace.groups -}}
true
{{- else if .Values.config.enforcementByNamespace -}}
{{- fail "config.enforcementByNamespace is set by enforcementByNamespace.users and .groups, who may write the label" -}}
{{- end -}}
{{- end -}}

{{/* How the pods of the watch of proxies are found: not as the Service finds servers. */}}
{{- define "tlsward.verifySelector" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride }}-verify
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* Egress to API servers and DNS, for NetworkPolicies. */}}
{{- define "tlsward.toAPIServers" -}}
- ports:
    {{- range .Values.networkPolicy.apiServerPorts }}
    - {port: {{ . }}}
    {{- end }}
  {{- with .Values.networkPolicy.apiServerTo }}
  to: {{- toYaml . | nindent 4 }}
  {{- end }}
- ports:
    - {port: 53, protocol: UDP}
    - {port: 53, protocol: TCP}
{{- end -}}

{{/* Rights to read the mesh; the argument is a list of the root and the verbs. */}}
{{- define "tlsward.meshRules" -}}
{{- $verbs := index . 1 | toJson -}}
- apiGroups: [networking.istio.io]
  resources: [serviceentries, destinationrules, virtualservices, gateways, sidecars, workloadentries, envoyfilters, proxyconfigs]
  verbs: {{ $verbs }}
- apiGroups: [security.istio.io]
  resources: [authorizationpolicies, peerauthentications, requestauthentications]
  verbs: {{ $verbs }}
- apiGroups: [extensions.istio.io]
  resources: [wasmplugins, trafficextensions]
  verbs: {{ $verbs }}
- apiGroups: [gateway.networking.k8s.io]
  resources: [gateways, gatewayclasses, httproutes, grpcroutes, tlsroutes, tcproutes, backendtlspolicies, listenersets, referencegrants]
  verbs: {{ $verbs }}
- apiGroups: [networking.k8s.io]
  resources: [ingresses]
  verbs: {{ $verbs }}
- apiGroups: [""]
  resources: [services, namespaces]
  verbs: {{ $verbs }}
{{- end -}}

{{/* Rights to Istio's own ConfigMaps with the MeshConfig, and istiod's Deployment, by their names: the namespace may not be there yet. */}}
{{- define "tlsward.controlPlaneRules" -}}
{{- $root := index . 0 -}}
{{- $verbs := index . 1 | toJson -}}
{{- with $root -}}
- apiGroups: [""]
  resources: [configmaps]
  resourceNames: [istio{{ include "tlsward.revisionSuffix" . }}{{ range .Values.otherRevisions }}, istio{{ include "tlsward.suffixOf" . }}{{ end }}{{ with .Values.sharedMeshConfig }}, {{ . }}{{ end }}]
  verbs: {{ $verbs }}
- apiGroups: [apps]
  resources: [deployments]
  resourceNames: [istiod{{ include "tlsward.revisionSuffix" . }}{{ range .Values.otherRevisions }}, istiod{{ include "tlsward.suffixOf" . }}{{ end }}]
  verbs: {{ $verbs }}
{{- end -}}
{{- end -}}

{{/* Rights to ask proxies, and to put Events on their pods. */}}
{{- define "tlsward.proxyRules" -}}
- apiGroups: [""]
  resources: [pods]
  verbs: [get, list]
# get: over WebSockets, which is tried first.
- apiGroups: [""]
  resources: [pods/portforward]
  verbs: [create, get]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create]
{{- end -}}
