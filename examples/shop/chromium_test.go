package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// browserTime bounds what a test does with a browser, its start included.
const browserTime = 5 * time.Minute

// findChromium returns the browser that SESSIONGEN_CHROMIUM names, or one on
// the PATH. Without one the test is skipped, or fails where
// SESSIONGEN_TEST_SERVERS is "required".
func findChromium(t *testing.T) string {
	t.Helper()
	names := []string{"chromium", "chromium-browser", "google-chrome"}
	if named := os.Getenv("SESSIONGEN_CHROMIUM"); named != "" {
		names = []string{named}
	}
	for _, name := range names {
		if program, err := exec.LookPath(name); err == nil {
			return program
		}
	}
	missing := fmt.Sprintf("no browser: install Chromium (apt-get install chromium), or set SESSIONGEN_CHROMIUM to the program; looked for %s", strings.Join(names, ", "))
	if os.Getenv("SESSIONGEN_TEST_SERVERS") == "required" {
		t.Fatal(missing)
	}
	t.Skip(missing)
	return ""
}

// startChromium starts a browser of its own, with a fresh profile, and ends it
// with the test. Its tabs come from newTab.
func startChromium(t *testing.T) context.Context {
	t.Helper()
	program := findChromium(t)
	ctx, cancel := context.WithTimeout(context.Background(), browserTime)
	t.Cleanup(cancel)
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(program),
		chromedp.DisableGPU, // as root chromedp adds --no-sandbox
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("hide-scrollbars", true),
	)
	ctx, stop := chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(stop) // waits until the profile is removed
	ctx, _ = chromedp.NewContext(ctx)
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			t.Errorf("the browser does not end: %v", err)
		}
	})
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("%s does not start: %v", program, err)
	}
	return ctx
}

// tab is one tab of a browser profile of its own: another person's browser.
type tab struct {
	t    *testing.T
	ctx  context.Context
	base string

	mu     sync.Mutex
	faults []string // what the browser complained about
}

// newTab opens a tab in a new profile, with the User-Agent of agent.
func newTab(t *testing.T, browser context.Context, base, agent string) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	b := &tab{t: t, ctx: ctx, base: base}
	if err := chromedp.Listen(ctx, b.hear); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: agent}); err != nil {
		t.Fatal(err)
	}
	b.resize(1280, 800)
	b.prefer("light")
	t.Cleanup(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, fault := range b.faults {
			t.Errorf("the browser complains: %s", fault)
		}
	})
	return b
}

// hear notes errors, such as what the Content-Security-Policy has blocked. That
// a page was answered with an error status is no fault of it.
func (b *tab) hear(event any) {
	if added, ok := event.(*log.EventEntryAdded); ok && added.Entry.Level == log.EntryLevelError && added.Entry.Source != log.EntrySourceNetwork {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.faults = append(b.faults, added.Entry.Text)
	}
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatalf("at %s: %v", b.location(), err)
	}
}

// run does what leads to another page, waits for that and checks its status.
func (b *tab) run(status int64, step chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	resp, err := chromedp.RunResponse(ctx, step)
	switch {
	case err != nil:
		b.t.Fatalf("at %s: %v", b.location(), err)
	case resp == nil:
		b.t.Fatalf("at %s: no response", b.location())
	case resp.Status != status:
		b.t.Fatalf("at %s: status %d, want %d", b.location(), resp.Status, status)
	}
}

func (b *tab) open(path string) {
	b.t.Helper()
	b.run(200, chromedp.Navigate(b.base+path))
}

func (b *tab) reload() {
	b.t.Helper()
	b.run(200, chromedp.Reload())
}

// click clicks the link or button with a text, as a screen reader reads it, and
// waits for the page that it leads to.
func (b *tab) click(text string) {
	b.t.Helper()
	b.run(200, click(text))
}

func click(text string) chromedp.Action[chromedp.Void] {
	return chromedp.Click(fmt.Sprintf(`//*[self::a or self::button][normalize-space(.)=%q]`, text))
}

// write replaces what is in the field with a label.
func (b *tab) write(label, text string) {
	b.t.Helper()
	field := fmt.Sprintf(`//*[@id=//label[normalize-space(.)=%q]/@for]`, label)
	b.do(chromedp.Focus(field))
	eval[bool](b, `(document.activeElement.select(), true)`)
	b.do(chromedp.SendKeys(field, text))
}

func eval[T any](b *tab, script string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](script))
	if err != nil {
		b.t.Fatalf("at %s: %s: %v", b.location(), script, err)
	}
	return v
}

// text is what the page shows, its spaces joined.
func (b *tab) text() string {
	b.t.Helper()
	return strings.Join(strings.Fields(eval[string](b, `document.body.innerText`)), " ")
}

func (b *tab) location() string {
	at, err := chromedp.Run(b.ctx, chromedp.Location())
	if err != nil {
		return err.Error()
	}
	return strings.TrimPrefix(at, b.base)
}

func (b *tab) at(path string) {
	b.t.Helper()
	if got := b.location(); got != path {
		b.t.Fatalf("the browser is at %s, want %s", got, path)
	}
}

func (b *tab) sees(pieces ...string) {
	b.t.Helper()
	for _, piece := range pieces {
		if text := b.text(); !strings.Contains(text, piece) {
			b.t.Fatalf("%s does not show %q:\n%s", b.location(), piece, text)
		}
	}
}

func (b *tab) seesNot(pieces ...string) {
	b.t.Helper()
	for _, piece := range pieces {
		if text := b.text(); strings.Contains(text, piece) {
			b.t.Fatalf("%s shows %q:\n%s", b.location(), piece, text)
		}
	}
}

// press presses keys such as kb.Tab.
func (b *tab) press(keys string) {
	b.t.Helper()
	b.do(chromedp.KeyEvent(keys))
}

// focused is the text, or the id, of what has the keyboard's focus.
func (b *tab) focused() string {
	b.t.Helper()
	return strings.Join(strings.Fields(eval[string](b, `document.activeElement.innerText || document.activeElement.id`)), " ")
}

// tabTo presses Tab until what has a text is focused.
func (b *tab) tabTo(text string) {
	b.t.Helper()
	for range 60 {
		b.press(kb.Tab)
		if b.focused() == text {
			return
		}
	}
	b.t.Fatalf("%s: Tab does not lead to %q", b.location(), text)
}

func (b *tab) resize(width, height int64) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(width, height))
}

// prefer sets the system's colour scheme, light or dark, and that nothing moves.
func (b *tab) prefer(scheme string) {
	b.t.Helper()
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}})
	if err != nil {
		b.t.Fatal(err)
	}
}

// dark tells whether the page is dark.
func (b *tab) dark() bool {
	b.t.Helper()
	return eval[bool](b, `(() => {
		const c = getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number);
		return c[0] + c[1] + c[2] < 3 * 128;
	})()`)
}
