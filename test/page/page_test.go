package page

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

const small = "../../internal/cli/report/testdata/mesh.yaml"

// What somebody reads who has never seen the page: what is worst, from whom, why, and what mends it.
func TestPage(t *testing.T) {
	program := build(t)
	b := open(t, write(t, program, small, "--config", "../../internal/cli/report/testdata/exempt.config.yaml"), 1280, 800, "light")
	b.holds("#verdict", "3 of 7 external ports have something to mend", "2 of 3 Services let in callers without an identity")
	b.holds("#worst", "disabled.example.com:80", "plaintext.example.com:80", "unchecked.example.com:3306")
	b.shot("light-wide")

	t.Run("a click shows the path, who decided, its YAML and the fix", func(t *testing.T) {
		b.TB = t
		b.do(chromedp.Click(`#worst button`, chromedp.ByQuery), chromedp.WaitVisible("#details", chromedp.ByQuery))
		b.holds("#details", "disabled.example.com:80", "Hop by hop", "sidecar shop", "TLS: none by a proxy", "decided by DestinationRule shop/disabled spec.trafficPolicy.tls",
			"The fix", "mode: SIMPLE", "kind: DestinationRule", "mode: DISABLE", "Other clients of this port")
		b.shot("light-details")
		b.do(chromedp.KeyEvent(kb.Escape))
		if n := b.number(`document.getElementById("details").hidden`); n != 1 {
			t.Error("Escape does not close the details")
		}
	})
	t.Run("a search leaves what it is for", func(t *testing.T) {
		b.TB = t
		b.do(chromedp.SendKeys("#search", "hidden", chromedp.ByQuery))
		b.holds("#count", "3 of 22 connections, to 1 ports")
		b.do(chromedp.Click("#reset", chromedp.ByQuery), chromedp.Click(".tile.unchecked", chromedp.ByQuery))
		b.holds("#count", "2 of 22 connections, to 1 ports")
		b.do(chromedp.Click("#reset", chromedp.ByQuery), chromedp.SendKeys("#namespace", "till", chromedp.ByQuery))
		b.holds(".fill", "db.example.com:5432", "disabled.example.com:80", "all others")
		b.do(chromedp.Click("#reset", chromedp.ByQuery))
		b.holds("#count", "22 of 22 connections, to 7 ports")
	})
	t.Run("the matrix", func(t *testing.T) {
		b.TB = t
		b.do(chromedp.Click(`[data-view=matrix]`, chromedp.ByQuery), chromedp.WaitVisible(".matrix", chromedp.ByQuery))
		b.holds(".matrix .heads", "all others", "shop", "till", "office")
		b.holds(".matrix .names", "plaintext.example.com:80", "db.example.com:5432")
		b.shot("light-matrix")
		b.do(chromedp.Click(`[aria-label="disabled.example.com:80 from till: plaintext"]`, chromedp.ByQuery), chromedp.WaitVisible("#details", chromedp.ByQuery))
		b.holds("#details", "disabled.example.com:80", "sidecar till")
		b.do(chromedp.KeyEvent(kb.Escape))
	})
	t.Run("who is let in, and what policies say", func(t *testing.T) {
		b.TB = t
		b.do(chromedp.Click(`[data-view=workloads]`, chromedp.ByQuery))
		b.holds(".fill", "office/desk", "anybody, plaintext callers included", "shop/cart", "till/till")
		b.do(chromedp.Click(`[data-view=findings]`, chromedp.ByQuery))
		b.holds(".fill", "tls-pending", "missing-principals")
		b.do(chromedp.Click("#row0", chromedp.ByQuery), chromedp.WaitVisible("#details", chromedp.ByQuery), chromedp.KeyEvent(kb.Escape))
	})
	b.TB = t
	if len(b.requests)+len(b.faults) > 0 {
		t.Errorf("requests %v, faults %v", b.requests, b.faults)
	}
}

// Everything is done without a mouse.
func TestPageByKeyboardAlone(t *testing.T) {
	b := open(t, write(t, build(t), small), 1280, 800, "dark")
	b.shot("dark-wide")
	b.do(chromedp.KeyEvent("/"), chromedp.KeyEvent(kb.Backspace), chromedp.KeyEvent("unchecked"))
	b.holds("#count", "3 of 22")
	b.do(chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible("#details", chromedp.ByQuery))
	b.holds("#details", "unchecked.example.com:3306", "sidecar shop", "name checked: none", "subjectAltNames")
	b.shot("dark-details")
	b.do(chromedp.KeyEvent(kb.Escape), chromedp.WaitNotVisible("#details", chromedp.ByQuery), chromedp.KeyEvent(kb.ArrowUp), chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible("#details", chromedp.ByQuery))
	b.holds("#details", "sidecar any other namespace")
	b.do(chromedp.KeyEvent(kb.Escape), chromedp.Focus("#tabs [aria-selected=true]", chromedp.ByQuery), chromedp.KeyEvent(kb.ArrowRight))
	b.holds("#tabs [aria-selected=true]", "Matrix")
	b.do(chromedp.Focus(".matrix", chromedp.ByQuery), chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible("#details", chromedp.ByQuery))
	b.holds("#details", "unchecked.example.com:3306")
}

// On a phone the same is there.
func TestPageOnANarrowScreen(t *testing.T) {
	program := build(t)
	for _, scheme := range []string{"light", "dark"} {
		b := open(t, write(t, program, small), 390, 844, scheme)
		if wide := b.number("document.documentElement.scrollWidth"); wide > 390 {
			t.Errorf("the page is %v wide", wide)
		}
		b.shot(scheme + "-narrow")
		b.do(chromedp.Click(`#worst button`, chromedp.ByQuery), chromedp.WaitVisible("#details", chromedp.ByQuery))
		b.holds("#details", "Hop by hop")
		b.shot(scheme + "-narrow-details")
	}
}

// Texts that tenants write are texts.
func TestPageRunsNothingThatTenantsWrite(t *testing.T) {
	b := open(t, write(t, build(t), "testdata/hostile.yaml", "--config", "testdata/hostile.config.yaml"), 1280, 800, "light")
	b.holds("#worst", "api.bank.example:80")
	b.do(chromedp.Click(`#row0`, chromedp.ByQuery), chromedp.WaitVisible("#details", chromedp.ByQuery))
	b.holds("#details", "<img src=x onerror=")
	if n := b.number("document.querySelectorAll('img').length + (window.hacked ? 1 : 0)"); n != 0 || len(b.requests) > 0 {
		t.Errorf("%v images, requests %v", n, b.requests)
	}
}

// A page that is served shows what has changed, and the filter stays.
func TestServedPage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mesh.yaml")
	text, err := os.ReadFile(small)
	if err != nil {
		t.Fatal(err)
	}
	replaceFile(t, path, text)
	b := openURL(t, serve(t, build(t), path), 1280, 800, "light")
	b.holds("#verdict", "4 of 7 external ports have something to mend")
	b.do(chromedp.SendKeys("#search", "plaintext", chromedp.ByQuery))
	const rule = "\n---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: mended, namespace: shop}\n" +
		"spec: {host: plaintext.example.com, trafficPolicy: {tls: {mode: SIMPLE}}}\n"
	replaceFile(t, path, append(text, rule...))
	b.do(chromedp.Poll(`document.getElementById("verdict").innerText.includes("3 of 7")`, nil, chromedp.WithPollingTimeout(time.Minute)))
	b.holds("#made", "follows the mesh")
	b.holds("#count", "7 of 22 connections")
	b.shot("light-served")
	replaceFile(t, path, []byte("a: ["))
	b.do(chromedp.WaitVisible("#wrong", chromedp.ByQuery))
	b.holds("#wrong", "Left out", "mesh.yaml")
	if len(b.faults) > 0 {
		t.Errorf("faults %v", b.faults)
	}
}

// 500 namespaces and 5,000 hosts: 20 MB at most, there in 2 s, filtered in 200 ms.
func TestLargePage(t *testing.T) {
	path := write(t, build(t), largeMesh(t, 500, 5000))
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	b := open(t, path, 1600, 1000, "light")
	ready := b.number("document.documentElement.dataset.ready")
	b.shot("light-large")
	b.holds("#worst", "plaintext", "vendor", "from all others", "no DestinationRule applies to this client")
	slowest := 0.0
	shown := func(what string) {
		ms := b.number("document.documentElement.dataset.shown")
		t.Logf("%s: %.0f ms", what, ms)
		slowest = max(slowest, ms)
	}
	shown("all")
	b.do(chromedp.SendKeys("#search", "vendor-12 team-4", chromedp.ByQuery))
	shown("search")
	b.do(chromedp.Click("#reset", chromedp.ByQuery), chromedp.Click(`[data-view=matrix]`, chromedp.ByQuery), chromedp.WaitVisible(".matrix", chromedp.ByQuery))
	shown("matrix")
	b.shot("light-large-matrix")
	b.do(chromedp.SendKeys("#namespace", "team-44", chromedp.ByQuery))
	shown("matrix of a namespace")
	b.do(chromedp.Click("#reset", chromedp.ByQuery), chromedp.Click(".tile.plaintext", chromedp.ByQuery))
	shown("matrix of what is in plaintext")
	b.shot("light-large-matrix-plaintext")
	t.Logf("%.1f MB, there after %.0f ms, filtered in %.0f ms", float64(info.Size())/1e6, ready, slowest)
	if info.Size() > 20e6 || ready > 2000 || slowest > 200 {
		t.Error("too large or too slow")
	}
}
