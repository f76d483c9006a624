package mesh

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"
	meshconfig "istio.io/api/mesh/v1alpha1"
	"sigs.k8s.io/yaml"
)

// classedField is what another value of a field of MeshConfig does to the answers of the model: changes shows a value that
// Settings follow, outside one that OutsideModelOfMeshConfig tells, and irrelevant says why no value moves anything.
type classedField struct{ changes, outside, irrelevant string }

const (
	irrelevantLogs    = "logs, traces, metrics and their names"
	irrelevantInbound = "what comes into a pod, not what leaves it"
	irrelevantPace    = "how long, how often, how many; not where to and not under which TLS"
	irrelevantTLS     = "which versions, ciphers and curves of TLS; not whether, with which name, and what is checked"
	irrelevantChoice  = "which of a cluster's endpoints is taken"
	irrelevantProcess = "how the proxy's process runs"
	outsideCall       = `x.example:80`
)

// classedFields has every field of MeshConfig, and of the messages that are partly followed.
func classedFields() map[string]classedField {
	return map[string]classedField{
		"proxyListenPort":                {irrelevant: "the port at which pods hand connections to their proxy"},
		"proxyInboundListenPort":         {irrelevant: irrelevantInbound},
		"proxyHttpPort":                  {outside: `15002`},
		"connectTimeout":                 {irrelevant: irrelevantPace},
		"hboneIdleTimeout":               {irrelevant: irrelevantPace},
		"protocolDetectionTimeout":       {irrelevant: "bytes that come too late are those of an unknown protocol, for which the model answers as well"},
		"tcpKeepalive":                   {irrelevant: irrelevantPace},
		"ingressClass":                   {irrelevant: irrelevantInbound},
		"ingressService":                 {irrelevant: irrelevantInbound},
		"ingressControllerMode":          {irrelevant: irrelevantInbound},
		"ingressSelector":                {irrelevant: irrelevantInbound},
		"enableTracing":                  {irrelevant: irrelevantLogs},
		"accessLogFile":                  {irrelevant: irrelevantLogs},
		"accessLogFormat":                {irrelevant: irrelevantLogs},
		"accessLogEncoding":              {irrelevant: irrelevantLogs},
		"enableEnvoyAccessLogService":    {irrelevant: "defaultConfig.envoyAccessLogService says where logs go"},
		"disableEnvoyListenerLog":        {irrelevant: irrelevantLogs},
		"outboundTrafficPolicy.mode":     {changes: `REGISTRY_ONLY`, outside: `ALLOW_ANY_DYNAMIC_DNS`},
		"outboundTrafficPolicy.tls":      {irrelevant: "it counts with the mode ALLOW_ANY_DYNAMIC_DNS alone, of which that is told"},
		"inboundTrafficPolicy":           {irrelevant: irrelevantInbound},
		"configSources":                  {outside: `[{address: "xds://istiod.svc:15012"}]`},
		"enableAutoMtls":                 {changes: `false`},
		"trustDomain":                    {changes: `td`},
		"trustDomainAliases":             {changes: `[old]`},
		"caCertificates":                 {outside: `[{pem: PEM}]`},
		"defaultServiceExportTo":         {changes: `["."]`},
		"defaultVirtualServiceExportTo":  {changes: `["."]`},
		"defaultDestinationRuleExportTo": {changes: `["."]`},
		"rootNamespace":                  {changes: `mesh`},
		"localityLbSetting":              {irrelevant: irrelevantChoice},
		"zoneAwareLbSetting":             {irrelevant: irrelevantChoice},
		"dnsRefreshRate":                 {irrelevant: irrelevantPace},
		"h2UpgradePolicy":                {irrelevant: "which HTTP is spoken inside the connection (pilot/pkg/networking/core/cluster_traffic_policy.go)"},
		"inboundClusterStatName":         {irrelevant: irrelevantLogs},
		"outboundClusterStatName":        {irrelevant: irrelevantLogs},
		"certificates":                   {irrelevant: "deprecated; Istio does not read it"},
		"serviceSettings":                {outside: `[{settings: {clusterLocal: true}}]`},
		"serviceScopeConfigs":            {outside: `[{scope: GLOBAL}]`},
		"enablePrometheusMerge":          {irrelevant: irrelevantLogs},
		"verifyCertificateAtClient":      {irrelevant: "deprecated; Istio does not read it"},
		"ca":                             {irrelevant: "who signs certificates of workloads; the trust domain is trustDomain"},
		"extensionProviders":             {outside: `[{name: a, envoyExtAuthzHttp: {service: ` + outsideCall + `}}]`},
		"defaultProviders":               {irrelevant: "which extensionProviders are used; all of them are told"},
		"discoverySelectors":             {changes: `[{matchLabels: {a: b}}]`},
		"pathNormalization":              {irrelevant: "the model reads no paths in AuthorizationPolicies, and routes by path are all taken"},
		"defaultHttpRetryPolicy":         {irrelevant: irrelevantPace},
		"meshMTLS":                       {irrelevant: irrelevantTLS},
		"tlsDefaults":                    {irrelevant: irrelevantTLS},
		"defaultTrafficPolicy":           {irrelevant: irrelevantPace},
		"serviceEntryVisibility":         {outside: `{applyToSidecars: true}`},

		"defaultConfig.configPath":                      {irrelevant: irrelevantProcess},
		"defaultConfig.binaryPath":                      {irrelevant: irrelevantProcess},
		"defaultConfig.serviceCluster":                  {irrelevant: irrelevantLogs},
		"defaultConfig.tracingServiceName":              {irrelevant: irrelevantLogs},
		"defaultConfig.drainDuration":                   {irrelevant: irrelevantPace},
		"defaultConfig.discoveryAddress":                {outside: `istiod.example:15012`},
		"defaultConfig.discoveryRefreshDelay":           {irrelevant: irrelevantPace},
		"defaultConfig.zipkinAddress":                   {outside: outsideCall},
		"defaultConfig.statsdUdpAddress":                {outside: outsideCall},
		"defaultConfig.envoyMetricsServiceAddress":      {outside: outsideCall},
		"defaultConfig.proxyAdminPort":                  {irrelevant: irrelevantProcess},
		"defaultConfig.availabilityZone":                {irrelevant: irrelevantChoice},
		"defaultConfig.controlPlaneAuthPolicy":          {irrelevant: "how proxies call the control plane"},
		"defaultConfig.customConfigFile":                {outside: `/etc/envoy.yaml`},
		"defaultConfig.statNameLength":                  {irrelevant: irrelevantLogs},
		"defaultConfig.concurrency":                     {irrelevant: irrelevantProcess},
		"defaultConfig.proxyBootstrapTemplatePath":      {outside: `/etc/bootstrap.json`},
		"defaultConfig.interceptionMode":                {outside: `NONE`},
		"defaultConfig.tracing":                         {outside: `{zipkin: {address: ` + outsideCall + `}}`},
		"defaultConfig.sds":                             {irrelevant: "deprecated; Istio does not read it"},
		"defaultConfig.envoyAccessLogService":           {outside: `{address: ` + outsideCall + `}`},
		"defaultConfig.envoyMetricsService":             {outside: `{address: ` + outsideCall + `}`},
		"defaultConfig.proxyMetadata":                   {outside: `{ISTIO_META_DNS_CAPTURE: "true"}`},
		"defaultConfig.runtimeValues":                   {outside: `{envoy.reloadable_features.x: "false"}`},
		"defaultConfig.statusPort":                      {irrelevant: irrelevantProcess},
		"defaultConfig.extraStatTags":                   {irrelevant: irrelevantLogs},
		"defaultConfig.gatewayTopology":                 {irrelevant: irrelevantInbound},
		"defaultConfig.terminationDrainDuration":        {irrelevant: irrelevantPace},
		"defaultConfig.meshId":                          {irrelevant: irrelevantLogs},
		"defaultConfig.readinessProbe":                  {irrelevant: irrelevantProcess},
		"defaultConfig.proxyStatsMatcher":               {irrelevant: irrelevantLogs},
		"defaultConfig.holdApplicationUntilProxyStarts": {irrelevant: irrelevantProcess},
		"defaultConfig.caCertificatesPem":               {outside: `[PEM]`},
		"defaultConfig.image":                           {outside: `{imageType: mine}`},
		"defaultConfig.privateKeyProvider":              {irrelevant: irrelevantTLS},
		"defaultConfig.proxyHeaders":                    {irrelevant: "which headers are sent, not where to"},
		"defaultConfig.fileFlushInterval":               {irrelevant: irrelevantLogs},
		"defaultConfig.fileFlushMinSizeKb":              {irrelevant: irrelevantLogs},
		"defaultConfig.statsCompression":                {irrelevant: irrelevantLogs},
		"defaultConfig.connectionSettings":              {irrelevant: irrelevantPace},
	}
}

// Each field of MeshConfig changes the settings, is told to be outside the model, or cannot move anything and the reason is written
// down. One that istio.io/api gets must be classed.
func TestMeshConfigFieldsAreClassed(t *testing.T) {
	classed := classedFields()
	for _, path := range meshConfigPaths() {
		c, ok := classed[path]
		if !ok {
			t.Errorf("%s is not classed: what does it do to the model's answers?", path)
		}
		delete(classed, path)
		t.Run(path, func(t *testing.T) {
			if (c.irrelevant != "") == (c.changes != "" || c.outside != "") {
				t.Errorf("classed %+v", c)
			}
			if c.changes != "" {
				raw := meshConfigWith(t, path, c.changes)
				have, err := DefaultSettings().WithMeshConfig(raw)
				if err != nil || reflect.DeepEqual(have, DefaultSettings()) || len(have.MeshConfigDifferences(DefaultSettings())) != 1 {
					t.Errorf("%s changes %q, %v", raw, have.MeshConfigDifferences(DefaultSettings()), err)
				}
				if told := OutsideModelOfMeshConfig(raw); told != nil {
					t.Errorf("%s is told to be outside: %q", raw, told)
				}
			}
			if c.outside != "" {
				raw := meshConfigWith(t, path, c.outside)
				if told := OutsideModelOfMeshConfig(raw); len(told) != 1 || !strings.HasPrefix(told[0], path) {
					t.Errorf("%s: told %q", raw, told)
				}
			}
		})
	}
	for path := range classed {
		t.Errorf("%s is no field of MeshConfig", path)
	}
}

// meshConfigPaths returns the fields of MeshConfig, and those of the messages in it that are classed field by field.
func meshConfigPaths() []string {
	var paths []string
	for _, field := range fieldNames((&meshconfig.MeshConfig{}).ProtoReflect()) {
		switch field {
		case "defaultConfig":
			paths = append(paths, below(field, (&meshconfig.ProxyConfig{}).ProtoReflect())...)
		case "outboundTrafficPolicy":
			paths = append(paths, below(field, (&meshconfig.MeshConfig_OutboundTrafficPolicy{}).ProtoReflect())...)
		default:
			paths = append(paths, field)
		}
	}
	return paths
}

func below(path string, message protoreflect.Message) []string {
	names := fieldNames(message)
	for i := range names {
		names[i] = path + "." + names[i]
	}
	return names
}

func fieldNames(message protoreflect.Message) []string {
	fields := message.Descriptor().Fields()
	names := make([]string, fields.Len())
	for i := range names {
		names[i] = fields.Get(i).JSONName()
	}
	return names
}

// meshConfigWith returns the JSON of a MeshConfig with one field, whose value is YAML.
func meshConfigWith(t *testing.T, path, value string) []byte {
	t.Helper()
	text := value
	for _, name := range slices.Backward(strings.Split(path, ".")) {
		text = fmt.Sprintf("{%s: %s}", name, text)
	}
	return meshConfigJSON(t, text)
}

func meshConfigJSON(t *testing.T, text string) []byte {
	t.Helper()
	raw, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestMeshConfigOutsideModel(t *testing.T) {
	for text, want := range map[string][]string{
		`{}`:                     nil,
		`{rootNamespace: 1}`:     nil, // cannot be read
		`{trustDomain: td}`:      nil,
		`{somethingNew: {a: 1}}`: {"somethingNew: newer than this program"},
		// What Istio's chart writes.
		`{defaultConfig: {discoveryAddress: "istiod.istio-system.svc:15012"}, defaultProviders: {metrics: [prometheus]}, enablePrometheusMerge: true,
		  rootNamespace: istio-system, trustDomain: cluster.local}`: nil,
		`{extensionProviders: [{name: a, zipkin: {service: zipkin.istio-system.svc.cluster.local, port: 9411}}, {name: b, opentelemetry: {service: shop/collector.example}},
		  {name: c, envoyFileAccessLog: {path: /dev/stdout}}, {name: d, envoyExtAuthzGrpc: {service: authz}}]}`: {
			"extensionProviders[1].opentelemetry.service: proxies themselves call a server outside the mesh"},
		`{defaultConfig: {tracing: {zipkin: {address: "zipkin.istio-system:9411"}}, envoyAccessLogService: {address: "127.0.0.1:9001"}}}`: nil,
		`{defaultConfig: {tracing: {zipkin: {address: "zipkin.example:9411"}}, envoyMetricsService: {address: "203.0.113.9:9001"}}}`: {
			"defaultConfig.envoyMetricsService.address: proxies themselves call a server outside the mesh",
			"defaultConfig.tracing.zipkin.address: proxies themselves call a server outside the mesh"},
		`{defaultConfig: {proxyMetadata: {ISTIO_META_DNS_CAPTURE: "true", MINE: x}, image: {imageType: distroless}}}`: {
			"defaultConfig.proxyMetadata[ISTIO_META_DNS_CAPTURE]: which connections proxies take, and how names are resolved"},
	} {
		if have := OutsideModelOfMeshConfig(meshConfigJSON(t, text)); !slices.Equal(have, want) {
			t.Errorf("%s: have %q, want %q", text, have, want)
		}
	}
}
