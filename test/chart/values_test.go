//go:build chart

package chart

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// changed has, for every value of the chart, another one and what it must bring into the manifests.
var changed = map[string]struct{ values, want string }{
	"fullnameOverride":                       {"fullnameOverride: other", "name: other-leader"},
	"image.repository":                       {"image: {repository: r.example/t}", "image: r.example/t:0.1.0"},
	"image.tag":                              {"image: {tag: v9}", "tlsward:v9"},
	"image.digest":                           {"image: {tag: v9, digest: 'sha256:" + strings.Repeat("a", 64) + "'}", "tlsward@sha256:aaaa"},
	"image.pullPolicy":                       {"image: {pullPolicy: Never}", "imagePullPolicy: Never"},
	"imagePullSecrets":                       {"imagePullSecrets: [{name: pull}]", "imagePullSecrets:\n        - name: pull"},
	"nameOverride":                           {"nameOverride: guard", "app.kubernetes.io/name: guard"},
	"commonLabels":                           {"commonLabels: {team: edge}", "team: edge"},
	"server.enabled":                         {"server: {enabled: false}", "!kind: Deployment"},
	"server.replicas":                        {"server: {replicas: 3}", "replicas: 3"},
	"server.drainSeconds":                    {"server: {drainSeconds: 40}", "terminationGracePeriodSeconds: 60"},
	"server.maxConcurrent":                   {"server: {maxConcurrent: 7}", "--max-concurrent=7"},
	"server.patience":                        {"server: {patience: 7ms}", "--patience=7ms"},
	"server.verbose":                         {"server: {verbose: true}", "- --verbose"},
	"server.size":                            {"server: {size: large}", "memory: 2Gi"},
	"server.resources":                       {"server: {resources: {limits: {memory: 7Gi}}}", "{name: GOMEMLIMIT, value: 6451MiB}"},
	"server.env":                             {"server: {env: [{name: GOMEMLIMIT, value: 900MiB}]}", "- name: GOMEMLIMIT"},
	"server.envFrom":                         {"server: {envFrom: [{secretRef: {name: proxy}}]}", "envFrom:\n            - secretRef:"},
	"server.extraArgs":                       {"server: {extraArgs: [--heartbeat=7s]}", "- --heartbeat=7s"},
	"server.extraVolumes":                    {"server: {extraVolumes: [{name: ca, configMap: {name: ca}}]}", "- configMap:\n            name: ca"},
	"server.extraVolumeMounts":               {"server: {extraVolumes: [{name: ca, configMap: {name: ca}}], extraVolumeMounts: [{name: ca, mountPath: /ca}]}", "mountPath: /ca"},
	"server.podSecurityContext.runAsNonRoot": {"server: {podSecurityContext: {runAsNonRoot: true, runAsUser: 7}}", "runAsUser: 7"},
	"server.podSecurityContext.seccompProfile.type":   {"server: {podSecurityContext: {seccompProfile: {type: Localhost, localhostProfile: p.json}}}", "type: Localhost"},
	"server.securityContext.allowPrivilegeEscalation": {"server: {securityContext: {allowPrivilegeEscalation: false, privileged: false}}", "privileged: false"},
	"server.securityContext.readOnlyRootFilesystem":   {"server: {securityContext: {readOnlyRootFilesystem: false}}", "readOnlyRootFilesystem: false"},
	"server.securityContext.capabilities.drop":        {"server: {securityContext: {capabilities: {drop: [ALL, CHOWN]}}}", "- CHOWN"},
	"autoscaling.enabled":                             {"autoscaling: {enabled: true}", "kind: HorizontalPodAutoscaler"},
	"autoscaling.minReplicas":                         {"autoscaling: {enabled: true, minReplicas: 3}", "minReplicas: 3"},
	"autoscaling.maxReplicas":                         {"autoscaling: {enabled: true, maxReplicas: 9}", "maxReplicas: 9"},
	"autoscaling.targetCPUUtilizationPercentage":      {"autoscaling: {enabled: true, targetCPUUtilizationPercentage: 55}", "averageUtilization: 55"},
	"serviceAccount.create":                           {"serviceAccount: {create: false}", "!kind: ServiceAccount\nmetadata"},
	"server.podAnnotations":                           {"server: {podAnnotations: {a.b/c: d}}", "a.b/c: d"},
	"server.podLabels":                                {"server: {podLabels: {a.b/l: d}}", "a.b/l: d"},
	"server.nodeSelector":                             {"server: {nodeSelector: {disk: ssd}}", "nodeSelector:\n        disk: ssd"},
	"server.tolerations":                              {"server: {tolerations: [{key: k, operator: Exists}]}", "tolerations:\n        - key: k"},
	"server.affinity":                                 {"server: {affinity: {podAntiAffinity: {}}}", "podAntiAffinity: {}"},
	"server.topologySpreadConstraints":                {"server: {topologySpreadConstraints: []}", "!topologySpreadConstraints"},
	"server.hostNetwork":                              {"server: {hostNetwork: true}", "hostNetwork: true"},
	"verify.enabled":                                  {"verify: {enabled: true}", "- --keep="},
	"verify.namespace":                                {"verify: {enabled: true, namespace: sandbox}", "- --namespace=sandbox"},
	"verify.interval":                                 {"verify: {enabled: true, interval: 7m}", "- --every=7m"},
	"verify.sample":                                   {"verify: {enabled: true, sample: 7}", "- --sample=7"},
	"verify.resources.requests.cpu":                   {"verify: {enabled: true, resources: {requests: {cpu: 7m}}}", "cpu: 7m"},
	"verify.resources.requests.memory":                {"verify: {enabled: true, resources: {requests: {memory: 7Mi}}}", "memory: 7Mi"},
	"verify.resources.limits.memory":                  {"verify: {enabled: true, resources: {limits: {memory: 7Gi}}}", "memory: 7Gi"},
	"serviceAccount.name":                             {"serviceAccount: {name: robot}", "serviceAccountName: robot"},
	"serviceAccount.annotations":                      {"serviceAccount: {annotations: {sa.b/c: d}}", "sa.b/c: d"},
	"podDisruptionBudget.enabled":                     {"podDisruptionBudget: {enabled: false}", "!kind: PodDisruptionBudget"},
	"podDisruptionBudget.minAvailable":                {"podDisruptionBudget: {minAvailable: 50%}", "minAvailable: 50%"},
	"priorityClass.name":                              {"priorityClass: {name: urgent}", "priorityClassName: urgent"},
	"priorityClass.create":                            {"priorityClass: {create: true}", "kind: PriorityClass"},
	"priorityClass.value":                             {"priorityClass: {create: true, value: 77}", "value: 77"},
	"config":                                          {"config: {strict: true}", "    strict: true"},
	"policies":                                        {"policies: {mine.rego: package tlsward.mine}", "package tlsward.mine"},
	"policySelector":                                  {"policySelector: tlsward.io/policies=true", "--policy-selector=tlsward.io/policies=true"},
	"sharedMeshConfig":                                {"sharedMeshConfig: shared", "resourceNames: [istio, shared]"},
	"otherRevisions":                                  {"otherRevisions: [canary]", "resourceNames: [istiod, istiod-canary]"},
	"opa":                                             {"opa: {services: {s: {url: 'https://opa.example'}}}", "--opa-config=/etc/tlsward-opa/opa.yaml"},
	"networkPolicy.egress":                            {"networkPolicy: {enabled: true, egress: [{ports: [{port: 8443}]}]}", "port: 8443"},
	"certificates.source":                             {"certificates: {source: cert-manager}", "cert-manager.io/inject-ca-from: tlsward-system/tlsward"},
	"certificates.own.caLife":                         {"certificates: {own: {caLife: 9999h}}", "--ca-life=9999h"},
	"certificates.own.certLife":                       {"certificates: {own: {certLife: 99h}}", "--cert-life=99h"},
	"certificates.own.settle":                         {"certificates: {own: {settle: 9s}}", "--ca-settle=9s"},
	"certificates.own.names":                          {"certificates: {own: {names: [a.example]}}", "--cert-name=a.example"},
	"certificates.certManager.issuerRef.name":         {"certificates: {source: cert-manager, certManager: {issuerRef: {name: corp}}}", "name: corp"},
	"certificates.certManager.issuerRef.kind":         {"certificates: {source: cert-manager, certManager: {issuerRef: {name: corp, kind: ClusterIssuer}}}", "kind: ClusterIssuer"},
	"certificates.certManager.issuerRef.group":        {"certificates: {source: cert-manager, certManager: {issuerRef: {name: corp, group: g.example}}}", "group: g.example"},
	"certificates.certManager.duration":               {"certificates: {source: cert-manager, certManager: {duration: 99h}}", "duration: 99h"},
	"certificates.certManager.renewBefore":            {"certificates: {source: cert-manager, certManager: {renewBefore: 33h}}", "renewBefore: 33h"},
	"certificates.mounted.secretName":                 {"certificates: {source: mounted, mounted: {secretName: pair, caBundle: x}}", "secretName: pair"},
	"certificates.mounted.caBundle":                   {"certificates: {source: mounted, mounted: {secretName: pair, caBundle: x}}", "caBundle: eA=="},
	"webhook.url":                                     {"webhook: {url: 'https://a.example:7'}", "url: https://a.example:7/validate"},
	"webhook.istioNamespaces":                         {"webhook: {istioNamespaces: [mesh]}", `["mesh"].exists`},
	"webhook.failurePolicy":                           {"webhook: {failurePolicy: Fail}", "failurePolicy: Fail"},
	"webhook.exemptNamespaces":                        {"webhook: {exemptNamespaces: [legacy]}", `values: ["legacy","tlsward-system"]`},
	"webhook.probeNamespace":                          {"webhook: {probeNamespace: sandbox}", "namespace: sandbox"},
	"webhook.validate.timeoutSeconds":                 {"webhook: {validate: {timeoutSeconds: 2}}", "timeoutSeconds: 2"},
	"webhook.mutate.enabled":                          {"webhook: {mutate: {enabled: false}}", "!kind: MutatingWebhookConfiguration"},
	"webhook.mutate.timeoutSeconds":                   {"webhook: {mutate: {timeoutSeconds: 2}}", "timeoutSeconds: 2"},
	"webhook.clientCA":                                {"webhook: {clientCA: PEM}", "--client-ca=/etc/tlsward/client-ca.crt"},
	"webhook.annotations":                             {"webhook: {annotations: {w.b/c: d}}", "w.b/c: d"},
	"bypassedProxy.action":                            {"bypassedProxy: {action: deny}", "validationActions: [Deny]"},
	"floor":                                           {"floor: warn", "name: tlsward-floor-missing-principals"},
	"reports.enabled":                                 {"reports: {enabled: false}", "!--reports"},
	"exemptions.enabled":                              {"exemptions: {enabled: false}", "!--exemptions"},
	"exemptions.installCRD":                           {"exemptions: {installCRD: false}", "!kind: CustomResourceDefinition"},
	"enforcementByNamespace.users":                    {"enforcementByNamespace: {users: [ann]}", `username in ["ann"]`},
	"enforcementByNamespace.groups":                   {"enforcementByNamespace: {groups: [platform]}", "enforcementByNamespace: true"},
	"events.enabled":                                  {"events: {enabled: false}", "!--events"},
	"service.annotations":                             {"service: {annotations: {s.b/c: d}}", "s.b/c: d"},
	"networkPolicy.enabled":                           {"networkPolicy: {enabled: true}", "kind: NetworkPolicy"},
	"networkPolicy.metricsFrom":                       {"networkPolicy: {enabled: true, metricsFrom: [{namespaceSelector: {}}]}", "namespaceSelector: {}"},
	"networkPolicy.apiServerPorts":                    {"networkPolicy: {enabled: true, apiServerPorts: [7443]}", "port: 7443"},
	"networkPolicy.apiServerTo":                       {"networkPolicy: {enabled: true, apiServerTo: [{ipBlock: {cidr: 10.9.0.0/16}}]}", "cidr: 10.9.0.0/16"},
	"serviceMonitor.enabled":                          {"serviceMonitor: {enabled: true}", "kind: ServiceMonitor"},
	"serviceMonitor.interval":                         {"serviceMonitor: {enabled: true, interval: 7s}", "interval: 7s"},
	"serviceMonitor.labels":                           {"serviceMonitor: {enabled: true, labels: {m: one}}", "m: one"},
	"prometheusRule.enabled":                          {"prometheusRule: {enabled: true}", "alert: TlswardDown"},
	"prometheusRule.labels":                           {"prometheusRule: {enabled: true, labels: {m: two}}", "m: two"},
	"dashboard.enabled":                               {"dashboard: {enabled: true}", "tlsward.json: |"},
	"dashboard.labels.grafana_dashboard":              {"dashboard: {enabled: true, labels: {grafana_dashboard: on-it}}", "grafana_dashboard: on-it"},
}

func TestEveryValueIsTested(t *testing.T) {
	h := newHelm(t)
	raw, err := os.ReadFile(filepath.Join(h.Chart, "values.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var values map[string]any
	if err := yaml.Unmarshal(raw, &values); err != nil {
		t.Fatal(err)
	}
	var want []string
	leaves("", values, &want)
	for _, path := range want {
		if _, ok := changed[path]; !ok {
			t.Errorf("no test changes %s", path)
		}
	}
	for path := range changed {
		if !slices.Contains(want, path) {
			t.Errorf("%s is no value of the chart", path)
		}
	}
}

func leaves(path string, v any, out *[]string) {
	m, ok := v.(map[string]any)
	if !ok || len(m) == 0 {
		*out = append(*out, strings.TrimPrefix(path, "."))
		return
	}
	for key, value := range m {
		leaves(path+"."+key, value, out)
	}
}

func TestEveryValueCounts(t *testing.T) {
	h := newHelm(t)
	usual, err := template(t, h, "{}")
	if err != nil {
		t.Fatal(err)
	}
	for path, c := range changed {
		t.Run(path, func(t *testing.T) {
			out, err := template(t, h, c.values)
			if err != nil {
				t.Fatal(err)
			}
			want, absent := strings.CutPrefix(c.want, "!")
			if strings.Contains(usual, want) != absent {
				t.Errorf("%q says nothing: the manifests without values agree", c.want)
			}
			if strings.Contains(out, want) == absent {
				t.Errorf("with %s the manifests do not show %q", c.values, c.want)
			}
		})
	}
}

func TestBadValuesAreRefused(t *testing.T) {
	h := newHelm(t)
	for _, c := range []struct{ values, names string }{
		{"replica: 3", "replica"},
		{"server: {replica: 3}", "replica"},
		{"server: {replicas: many}", "/server/replicas"},
		{"server: {patience: soon}", "/server/patience"},
		{"server: {size: huge}", "/server/size"},
		{"image: {digest: abc}", "/image/digest"},
		{"config: {strickt: true}", "strickt"},
		{"config: {enforcementByNamespace: true}", "enforcementByNamespace.users and .groups"},
		{"config: {policies: {double-tls: {action: refuse}}}", "/config/policies/double-tls/action"},
		{"config: {exemptions: [{policy: plaintext-egress, expires: 2027-01-01}]}", "reason"},
		{"policies: {mine: package x}", "mine"},
		{"certificates: {source: vault}", "/certificates/source"},
		{"certificates: {source: mounted}", "certificates.mounted.caBundle"},
		{"webhook: {failurePolicy: Closed}", "/webhook/failurePolicy"},
		{"webhook: {validate: {timeoutSeconds: 10}}", "timeoutSeconds"},
		{"webhook: {url: 'http://a'}", "/webhook/url"},
		{"commonLabels: {app.kubernetes.io/name: mine}", "app.kubernetes.io/name"},
		{"imagePullSecrets: [pull]", "/imagePullSecrets/0"},
		{"server: {extraVolumeMounts: [{name: ca}]}", "mountPath"},
		{"autoscaling: {minReplicas: 0}", "/autoscaling/minReplicas"},
		{"networkPolicy: {enabeld: true}", "enabeld"},
		{"webhook: {probeNamespace: kube-system}", "webhook.probeNamespace is kube-system, which is exempt"},
		{"webhook: {exemptNamespaces: [default]}", "webhook.probeNamespace is default, which is exempt"},
	} {
		out, err := template(t, h, c.values)
		if err == nil {
			t.Errorf("%s: accepted:\n%.300s", c.values, out)
		} else if !strings.Contains(err.Error(), c.names) {
			t.Errorf("%s: the refusal does not name %s: %v", c.values, c.names, err)
		}
	}
}
