package page

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browser is a page that is open in headless Chromium.
type browser struct {
	testing.TB
	ctx context.Context //nolint:containedctx // a page lives as long as its test
	// requests are what the page asked for, itself aside; faults what its scripts and its policy complained of.
	requests, faults []string
}

// open opens the page of a file and waits until it is there.
func open(t testing.TB, path string, width, height int64, scheme string) *browser {
	t.Helper()
	return openURL(t, "file://"+path, width, height, scheme)
}

// openURL opens a page and waits until it is there.
func openURL(t testing.TB, url string, width, height int64, scheme string) *browser {
	t.Helper()
	allocator, stop := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU)...)
	t.Cleanup(stop)
	ctx, stop := chromedp.NewContext(allocator)
	t.Cleanup(stop)
	ctx, stop = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(stop)
	b := &browser{TB: t, ctx: ctx}
	chromedp.ListenTarget(ctx, func(event any) {
		switch e := event.(type) {
		case *network.EventRequestWillBeSent:
			if !strings.HasPrefix(e.Request.URL, url) {
				b.requests = append(b.requests, e.Request.URL)
			}
		case *runtime.EventExceptionThrown:
			b.faults = append(b.faults, e.ExceptionDetails.Error())
		case *runtime.EventConsoleAPICalled:
			b.faults = append(b.faults, string(e.Type))
		}
	})
	b.do(network.Enable(), runtime.Enable(), emulation.SetDeviceMetricsOverride(width, height, 1, false),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
		chromedp.Navigate(url), chromedp.WaitReady("html[data-ready]", chromedp.ByQuery))
	return b
}

func (b *browser) do(actions ...chromedp.Action) {
	b.Helper()
	if err := chromedp.Run(b.ctx, actions...); err != nil {
		b.Fatal(err)
	}
}

// text returns the text of the first element of a selector.
func (b *browser) text(selector string) string {
	b.Helper()
	var text string
	b.do(chromedp.Evaluate(`(document.querySelector(`+quoted(selector)+`) || {innerText: "(none)"}).innerText`, &text))
	return text
}

// number returns the value of an expression.
func (b *browser) number(expression string) float64 {
	b.Helper()
	var n float64
	b.do(chromedp.Evaluate("Number("+expression+")", &n))
	return n
}

// holds fails the test unless a text has all parts.
func (b *browser) holds(selector string, parts ...string) {
	b.Helper()
	text := b.text(selector)
	for _, part := range parts {
		if !strings.Contains(text, part) {
			b.Errorf("%s: no %q in\n%s", selector, part, text)
		}
	}
}

// shot keeps a screenshot where SCREENSHOTS names a directory, to be looked at.
func (b *browser) shot(name string) {
	b.Helper()
	dir := os.Getenv("SCREENSHOTS")
	if dir == "" {
		return
	}
	var png []byte
	b.do(chromedp.CaptureScreenshot(&png))
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		b.Fatal(err)
	}
}

func quoted(s string) string { return "`" + s + "`" }
