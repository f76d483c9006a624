package mesh

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// headerFormat tells the values of headers that Envoy takes from those that it refuses: %NAME%, %NAME(argument)% and %NAME(argument):LENGTH%
// stand for something of the request, and %% for a percent sign (source/common/formatter). Names that it does not know are refused.
type headerFormat struct {
	version  Version
	compiled map[string]*regexp.Regexp // see compile
}

// refuses returns what Envoy takes in place of a value, "" where it takes the value. A value has at most maxHeaderBytes.
func (f *headerFormat) refuses(value string) string {
	for {
		at := strings.IndexByte(value, '%')
		if at < 0 {
			return ""
		}
		value = value[at:]
		if strings.HasPrefix(value, "%%") {
			value = value[2:]
			continue
		}
		m := f.compile(`^%([A-Z0-9_]+)(?:\((.*?)\))?(:[0-9]+)?%`).FindStringSubmatchIndex(value)
		if m == nil {
			return "text with a percent sign as %% and variables as %NAME% or %NAME(argument)%"
		}
		argument := ""
		if m[4] >= 0 {
			argument = value[m[4]:m[5]]
		}
		length := ""
		if m[6] >= 0 {
			length = value[m[6]:m[7]]
		}
		if name := value[m[2]:m[3]]; !f.takes(name, argument, length) {
			return fmt.Sprintf("text with a percent sign as %%%% and variables of Envoy alone (%%%.80s%% is none, or takes another argument)", name)
		}
		value = value[m[1]:]
	}
}

// takes reports whether Envoy takes a variable with its argument and its length, "" where it has none.
func (f *headerFormat) takes(name, argument, length string) bool {
	if len(length) > len(":999999999") {
		return false
	}
	takes, hasLength := f.argumentsOf(name)
	return takes != nil && takes(argument) && (length == "" || hasLength)
}

// argumentsOf returns which arguments a variable takes, nil for one that Envoy does not have, and whether it may have a length
// (source/common/formatter/stream_info_formatter.cc, http_specific_formatter.cc; each was tried with Envoy 1.38 and 1.40).
func (f *headerFormat) argumentsOf(name string) (takes func(argument string) bool, hasLength bool) {
	switch name {
	case "REQ", "RESP", "TRAILER", "REQUEST_HEADER", "RESPONSE_HEADER", "RESPONSE_TRAILER", "STREAM_INFO_REQ":
		return f.like(`[A-Za-z0-9!#$%&'*+.^_|~:-]*(\?[A-Za-z0-9!#$%&'*+.^_|~:-]*)?`, true), true
	case "QUERY_PARAM", "ENVIRONMENT", "DYNAMIC_METADATA":
		return isSome, true
	case "CLUSTER_METADATA", "UPSTREAM_METADATA":
		return isSome, false
	case "FILTER_STATE", "UPSTREAM_FILTER_STATE":
		return f.like(`[^:]+(:PLAIN|:TYPED|:FIELD:[^:]+)?`, true), true
	case "PER_REQUEST_STATE":
		return f.like(`[^:]+`, true), false
	case "METADATA":
		return f.like(`(DYNAMIC|CLUSTER|ROUTE|UPSTREAM_HOST|LISTENER|LISTENER_FILTER_CHAIN|VIRTUAL_HOST)(:.*)?`, true), false
	case "CEL":
		return f.isAttribute, true
	case "COALESCE":
		return f.isCoalesce, false
	case "COMMON_DURATION":
		return f.like(`[^:]+:[^:]+(:(ms|us|ns))?`, true), false
	case "GRPC_STATUS":
		return f.like(`CAMEL_STRING|SNAKE_STRING|NUMBER`, false), false
	case "PATH":
		return f.like(`(WQ|NQ)?(:(ORIG|PATH|ORIG_OR_PATH))?`, false), true
	case "QUERY_PARAMS":
		return f.like(`ORIG|DECODED`, false), true
	case "REQUESTED_SERVER_NAME":
		return f.like(`(SNI_ONLY|SNI_FIRST|HOST_FIRST)(:(ORIG|HOST|ORIG_OR_HOST))?`, false), false
	case "START_TIME", "START_TIME_LOCAL", "EMIT_TIME", "EMIT_TIME_LOCAL", "DOWNSTREAM_PEER_CERT_V_START", "DOWNSTREAM_PEER_CERT_V_END",
		"UPSTREAM_PEER_CERT_V_START", "UPSTREAM_PEER_CERT_V_END":
		return f.isTime, false
	case "RESPONSE_CODE_DETAILS", "DOWNSTREAM_DIRECT_LOCAL_ADDRESS_WITHOUT_PORT", "DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT",
		"DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT", "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT", "UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT",
		"UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT":
		return func(string) bool { return true }, false
	}
	if f.hasNoArgument(name) {
		return func(argument string) bool { return argument == "" }, false
	}
	return nil, false
}

// isSome reports whether an argument is there.
func isSome(argument string) bool { return argument != "" }

// compile returns the regular expression of a pattern, each made once.
func (f *headerFormat) compile(pattern string) *regexp.Regexp {
	if f.compiled == nil {
		f.compiled = map[string]*regexp.Regexp{}
	}
	if f.compiled[pattern] == nil {
		f.compiled[pattern] = regexp.MustCompile(pattern)
	}
	return f.compiled[pattern]
}

// like returns whether an argument is one of a pattern, or none where it need not be there.
func (f *headerFormat) like(pattern string, needed bool) func(string) bool {
	return func(argument string) bool {
		if argument == "" {
			return !needed
		}
		return f.compile(`^(` + pattern + `)$`).MatchString(argument)
	}
}

// isTime reports whether Envoy takes a format of a time, which may have no line break.
func (f *headerFormat) isTime(argument string) bool {
	return argument == "" || !f.compile(`%[-_0^#EO0-9]*n`).MatchString(argument)
}

// isAttribute reports whether an expression of CEL is an attribute alone, as request.headers['x-id']. Others may be right, and are not
// looked at.
func (f *headerFormat) isAttribute(expression string) bool {
	if f.compile(`\.(in|true|false|null)\b`).MatchString(expression) {
		return false
	}
	return f.compile(`^(request|response|connection|upstream|source|destination|metadata|filter_state|xds)` +
		`(\.[A-Za-z_][A-Za-z0-9_]*|\['[^'"\\]*'\]|\["[^'"\\]*"\])*$`).MatchString(expression)
}

// isCoalesce reports whether an argument is a list of variables of which the first that has a value is taken.
func (f *headerFormat) isCoalesce(argument string) bool {
	var list struct {
		Operators []json.RawMessage `json:"operators"`
	}
	if json.Unmarshal([]byte(argument), &list) != nil || len(list.Operators) == 0 {
		return false
	}
	for _, raw := range list.Operators {
		var o struct {
			Command string `json:"command"`
			Param   string `json:"param"`
		}
		if json.Unmarshal(raw, &o.Command) != nil && json.Unmarshal(raw, &o) != nil {
			return false
		}
		if o.Command == "COALESCE" || !f.takes(o.Command, o.Param, "") {
			return false
		}
	}
	return true
}

// hasNoArgument reports whether a variable of this name has neither an argument nor a length.
func (f *headerFormat) hasNoArgument(name string) bool {
	switch name {
	case "DOWNSTREAM_CX_RTT", "DOWNSTREAM_TLS_GROUP", "LISTENER_NAME", "ROUTE_RESOLUTION_COUNT", "ROUTE_RESOLUTION_TIME_US",
		"UPSTREAM_SERVER_NAME", "UPSTREAM_TLS_GROUP":
		return f.version != Version130 // Envoy 1.38
	case "ACCESS_LOG_TYPE", "BYTES_RECEIVED", "BYTES_RETRANSMITTED", "BYTES_SENT", "CONNECTION_ID", "CONNECTION_TERMINATION_DETAILS",
		"CUSTOM_FLAGS", "DOWNSTREAM_DECOMPRESSED_HEADER_BYTES_RECEIVED", "DOWNSTREAM_DECOMPRESSED_HEADER_BYTES_SENT",
		"DOWNSTREAM_DETECTED_CLOSE_TYPE", "DOWNSTREAM_DIRECT_LOCAL_ADDRESS", "DOWNSTREAM_DIRECT_LOCAL_ADDRESS_ENDPOINT_ID",
		"DOWNSTREAM_DIRECT_LOCAL_PORT", "DOWNSTREAM_DIRECT_REMOTE_ADDRESS", "DOWNSTREAM_DIRECT_REMOTE_PORT",
		"DOWNSTREAM_HANDSHAKE_DURATION", "DOWNSTREAM_HEADER_BYTES_RECEIVED", "DOWNSTREAM_HEADER_BYTES_SENT", "DOWNSTREAM_LOCAL_ADDRESS",
		"DOWNSTREAM_LOCAL_ADDRESS_ENDPOINT_ID", "DOWNSTREAM_LOCAL_CLOSE_REASON", "DOWNSTREAM_LOCAL_DNS_SAN",
		"DOWNSTREAM_LOCAL_EMAIL_SAN", "DOWNSTREAM_LOCAL_IP_SAN", "DOWNSTREAM_LOCAL_OTHERNAME_SAN", "DOWNSTREAM_LOCAL_PORT",
		"DOWNSTREAM_LOCAL_SUBJECT", "DOWNSTREAM_LOCAL_URI_SAN", "DOWNSTREAM_PEER_CERT", "DOWNSTREAM_PEER_CHAIN_FINGERPRINTS_1",
		"DOWNSTREAM_PEER_CHAIN_FINGERPRINTS_256", "DOWNSTREAM_PEER_CHAIN_SERIALS", "DOWNSTREAM_PEER_DNS_SAN",
		"DOWNSTREAM_PEER_EMAIL_SAN", "DOWNSTREAM_PEER_FINGERPRINT_1", "DOWNSTREAM_PEER_FINGERPRINT_256", "DOWNSTREAM_PEER_IP_SAN",
		"DOWNSTREAM_PEER_ISSUER", "DOWNSTREAM_PEER_ISSUER_FINGERPRINT_256", "DOWNSTREAM_PEER_ISSUER_SERIAL",
		"DOWNSTREAM_PEER_OTHERNAME_SAN", "DOWNSTREAM_PEER_SERIAL", "DOWNSTREAM_PEER_SUBJECT", "DOWNSTREAM_PEER_URI_SAN",
		"DOWNSTREAM_REMOTE_ADDRESS", "DOWNSTREAM_REMOTE_PORT", "DOWNSTREAM_TLS_CIPHER", "DOWNSTREAM_TLS_SESSION_ID",
		"DOWNSTREAM_TLS_VERSION", "DOWNSTREAM_TRANSPORT_FAILURE_REASON", "DOWNSTREAM_WIRE_BYTES_RECEIVED", "DOWNSTREAM_WIRE_BYTES_SENT",
		"DURATION", "FILTER_CHAIN_NAME", "GRPC_STATUS_NUMBER", "HOSTNAME", "LOCAL_REPLY_BODY", "PACKETS_RETRANSMITTED", "PROTOCOL",
		"REQUEST_DURATION", "REQUEST_HEADERS_BYTES", "REQUEST_TX_DURATION", "RESPONSE_CODE", "RESPONSE_DURATION", "RESPONSE_FLAGS",
		"RESPONSE_FLAGS_LONG", "RESPONSE_HEADERS_BYTES", "RESPONSE_TRAILERS_BYTES", "RESPONSE_TX_DURATION", "ROUNDTRIP_DURATION",
		"ROUTE_NAME", "SPAN_ID", "STREAM_ID", "TLS_JA3_FINGERPRINT", "TLS_JA4_FINGERPRINT", "TRACE_ID", "UNIQUE_ID", "UPSTREAM_CLUSTER",
		"UPSTREAM_CLUSTER_RAW", "UPSTREAM_CONNECTION_ID", "UPSTREAM_CONNECTION_IDS_ATTEMPTED",
		"UPSTREAM_CONNECTION_POOL_READY_DURATION", "UPSTREAM_DECOMPRESSED_HEADER_BYTES_RECEIVED",
		"UPSTREAM_DECOMPRESSED_HEADER_BYTES_SENT", "UPSTREAM_DETECTED_CLOSE_TYPE", "UPSTREAM_HEADER_BYTES_RECEIVED",
		"UPSTREAM_HEADER_BYTES_SENT", "UPSTREAM_HOST", "UPSTREAM_HOSTS_ATTEMPTED", "UPSTREAM_HOSTS_ATTEMPTED_WITHOUT_PORT",
		"UPSTREAM_HOST_NAME", "UPSTREAM_HOST_NAMES_ATTEMPTED", "UPSTREAM_HOST_NAMES_ATTEMPTED_WITHOUT_PORT",
		"UPSTREAM_HOST_NAME_WITHOUT_PORT", "UPSTREAM_LOCAL_ADDRESS", "UPSTREAM_LOCAL_CLOSE_REASON", "UPSTREAM_LOCAL_DNS_SAN",
		"UPSTREAM_LOCAL_IP_SAN", "UPSTREAM_LOCAL_PORT", "UPSTREAM_LOCAL_URI_SAN", "UPSTREAM_PEER_CERT", "UPSTREAM_PEER_DNS_SAN",
		"UPSTREAM_PEER_IP_SAN", "UPSTREAM_PEER_ISSUER", "UPSTREAM_PEER_SUBJECT", "UPSTREAM_PEER_URI_SAN", "UPSTREAM_PROTOCOL",
		"UPSTREAM_REMOTE_ADDRESS", "UPSTREAM_REMOTE_ADDRESS_ENDPOINT_ID", "UPSTREAM_REMOTE_PORT", "UPSTREAM_REQUEST_ATTEMPT_COUNT",
		"UPSTREAM_TLS_CIPHER", "UPSTREAM_TLS_SESSION_ID", "UPSTREAM_TLS_VERSION", "UPSTREAM_TRANSPORT_FAILURE_REASON",
		"UPSTREAM_WIRE_BYTES_RECEIVED", "UPSTREAM_WIRE_BYTES_SENT", "VIRTUAL_CLUSTER_NAME":
		return true
	}
	return false
}
