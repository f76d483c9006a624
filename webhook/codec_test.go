package webhook

import (
	"bytes"
	"encoding/json"
	"github.com/tlsward/tlsward/webhook/internal/fixture"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	ctrlwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"
)

func TestBadRequests(t *testing.T) {
	f := newFixture(t, Options{Cache: newCache(t, fixture.Entry)})
	f.Use(testEvaluator(t))
	server := start(t, f.Register)
	good := envelope(t, create(t, fixture.GoodRule))
	replace := func(old, new string) string {
		t.Helper()
		out := strings.Replace(good, old, new, 1)
		if out == good {
			t.Fatalf("%q is not in the review", old)
		}
		return out
	}
	const plain = "application/json"
	for name, tc := range map[string]struct {
		contentType, body string
		status            int
		want              string
	}{
		"good":                    {plain, good, 200, `"allowed":true`},
		"charset":                 {"application/json; charset=utf-8", good, 200, `"allowed":true`},
		"leading space":           {plain, " \n" + good, 200, `"allowed":true`},
		"empty":                   {plain, "", 400, "the body is empty"},
		"blank":                   {plain, " \n ", 400, "the body is empty"},
		"malformed":               {plain, `{"apiVersion":`, 400, "no AdmissionReview: unexpected end"},
		"not an object":           {plain, `[1]`, 400, "no AdmissionReview"},
		"null":                    {plain, `null`, 400, "want admission.k8s.io/v1"},
		"trailing":                {plain, good + "{}", 400, "no AdmissionReview"},
		"deep":                    {plain, strings.Repeat("[", 100_000), 400, "no AdmissionReview"},
		"no content type":         {"", good, 415, "want Content-Type application/json"},
		"wrong content type":      {"text/plain", good, 415, `got "text/plain"`},
		"yaml":                    {"application/yaml", good, 415, "want Content-Type application/json"},
		"odd content type":        {"application/json; x", good, 415, "want Content-Type application/json"},
		"too large":               {plain, good + strings.Repeat(" ", maxBody), 413, "over 7340032 bytes"},
		"v1beta1":                 {plain, replace("admission.k8s.io/v1", "admission.k8s.io/v1beta1"), 400, `got "admission.k8s.io/v1beta1"`},
		"other kind":              {plain, replace(`"AdmissionReview"`, `"Review"`), 400, `got "admission.k8s.io/v1" "Review"`},
		"no request":              {plain, `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}`, 400, "has no request"},
		"no uid":                  {plain, replace(`"a-uid"`, `""`), 400, "has no uid"},
		"no operation":            {plain, replace(`"CREATE"`, `""`), 400, "has no operation"},
		"operation of wrong type": {plain, replace(`"CREATE"`, `7`), 400, "no AdmissionReview"},
		"unknown operation":       {plain, replace(`"CREATE"`, `"CONNECT"`), 200, `"allowed":true`},
	} {
		for _, path := range []string{"/mutate", "/validate"} {
			t.Run(name+path, func(t *testing.T) {
				status, text := server.post(t, path, tc.contentType, tc.body)
				if status != tc.status || !strings.Contains(text, tc.want) {
					t.Errorf("got %d %.300s\nwant %d and %q", status, text, tc.status, tc.want)
				}
			})
		}
	}
	if got := f.count(t, "tlsward_bad_requests_total", "status=415"); got != 8 {
		t.Errorf("%v requests counted with status 415, want 8", got)
	}
}

// A body without a declared length is bounded too.
func TestTooLargeWithoutLength(t *testing.T) {
	f := newFixture(t, Options{Cache: newCache(t)})
	server := start(t, f.Register)
	request, err := http.NewRequest(http.MethodPost, server.url+"/validate", struct{ *strings.Reader }{strings.NewReader(strings.Repeat(" ", maxBody+1))})
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := server.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d, want 413", response.StatusCode)
	}
}

func TestWrongMethodAndPath(t *testing.T) {
	server := start(t, newFixture(t, Options{Cache: newCache(t)}).Register)
	for path, want := range map[string]int{"/validate": 405, "/mutate": 405, "/": 404, "/validate/x": 404, "/metrics": 404} {
		response, err := server.client.Get(server.url + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("GET %s: %d, want %d", path, response.StatusCode, want)
		}
		if want == 405 && response.Header.Get("Allow") != "POST" {
			t.Errorf("GET %s: Allow is %q", path, response.Header.Get("Allow"))
		}
	}
}

// Objects that are no objects are refused with their name and field, and never stop the server.
func TestOddObjects(t *testing.T) {
	f := newFixture(t, Options{Cache: newCache(t, fixture.Entry)})
	f.Use(testEvaluator(t))
	server := start(t, f.Register)
	head := `{"apiVersion":"networking.istio.io/v1","kind":"ServiceEntry","metadata":{"name":"odd","namespace":"lab"},"spec":`
	for name, tc := range map[string]struct{ object, want string }{
		"ports a string":  {head + `{"hosts":["a.example"],"ports":"80"}}`, "ServiceEntry lab/odd"},
		"number a string": {head + `{"hosts":["a.example"],"ports":[{"number":"eighty"}]}}`, "ServiceEntry lab/odd"},
		"hosts a number":  {head + `{"hosts":7}}`, "ServiceEntry lab/odd"},
		"spec a list":     {head + `[]}`, "ServiceEntry lab/odd"},
		"name a number":   {`{"apiVersion":"networking.istio.io/v1","kind":"ServiceEntry","metadata":{"name":7}}`, "metadata.name"},
		"kind a list":     {`{"apiVersion":"networking.istio.io/v1","kind":[]}`, "kind"},
		"a string":        {`"x"`, "object"},
		"absent":          {`null`, "there is no object"},
		"10,000 ports":    {head + `{"hosts":["a.example"],"ports":[` + strings.Repeat(`{"number":80},`, 9_999) + `{"number":80}]}}`, "spec.ports has 10000 entries"},
	} {
		t.Run(name, func(t *testing.T) {
			r := create(t, fixture.GoodRule)
			r.Object.Raw = json.RawMessage(tc.object)
			if got := server.review(t, "/mutate", r); !got.Allowed || len(got.Patch) != 0 {
				t.Errorf("mutate: %+v, want it left alone", got)
			}
			got := server.review(t, "/validate", r)
			if got.Allowed || got.Result.Code != http.StatusUnprocessableEntity || !strings.Contains(got.Result.Message, tc.want) {
				t.Errorf("validate: %+v %+v\nwant a denial with %q", got, got.Result, tc.want)
			}
		})
	}
	if got := f.count(t, "tlsward_undecided_total"); got != 0 {
		t.Errorf("%v odd objects were counted as our failures", got)
	}
}

// etcd takes objects of 1.5 MiB, the API server requests of twice that, and an UPDATE brings two objects.
func TestALargeUpdateIsDecided(t *testing.T) {
	f := newFixture(t, Options{Cache: newCache(t, fixture.Entry), Timeout: time.Minute}) // for slow machines
	f.Use(testEvaluator(t))
	server := start(t, f.Register)
	padded := strings.Replace(fixture.DisabledRule, "namespace: default", "namespace: default, annotations: {padding: "+strings.Repeat("x", 3<<20)+"}", 1)
	if got := server.review(t, "/validate", update(t, padded, padded)); got.Allowed || got.Result.Code != http.StatusForbidden {
		t.Errorf("got %+v %+v, want a denial", got, got.Result)
	}
}

func FuzzReview(f *testing.F) {
	f.Add([]byte(envelope(f, create(f, fixture.GoodRule))))
	f.Add([]byte(envelope(f, update(f, fixture.GoodRule, fixture.BareRule))))
	f.Add([]byte(envelope(f, remove(f, fixture.GoodRule))))
	f.Add([]byte(`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"1","operation":"CREATE","object":null}}`))
	hooks := newFixture(f, Options{Cache: newCache(f, fixture.Entry)})
	hooks.Use(testEvaluator(f))
	server := ctrlwebhook.NewServer(ctrlwebhook.Options{})
	hooks.Register(server)
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, path := range []string{"/mutate", "/validate"} {
			request := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body))
			request.Header.Set("Content-Type", "application/json")
			answer := httptest.NewRecorder()
			server.WebhookMux().ServeHTTP(answer, request)
			if answer.Code == http.StatusBadRequest {
				continue
			}
			var review admissionv1.AdmissionReview
			if err := json.Unmarshal(answer.Body.Bytes(), &review); err != nil || review.Response == nil || review.Response.UID == "" {
				t.Fatalf("%s: %d %s, %v", path, answer.Code, answer.Body, err)
			}
		}
		if n := hooks.count(t, "tlsward_panics_total"); n > 0 {
			t.Fatalf("a panic: %s", hooks.log)
		}
	})
}
