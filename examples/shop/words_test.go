package main

import (
	"testing"
	"time"
)

func TestWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ got, want string }{
		{cents(0).String(), "€0.00"}, {cents(5).String(), "€0.05"}, {cents(120).String(), "€1.20"}, {cents(1234567).String(), "€12345.67"},
		{plural(0, "session"), "0 sessions"}, {plural(1, "session"), "1 session"}, {plural(2, "other session"), "2 other sessions"},
		{ordinal(1), "1st"}, {ordinal(2), "2nd"}, {ordinal(3), "3rd"}, {ordinal(4), "4th"}, {ordinal(11), "11th"},
		{ordinal(12), "12th"}, {ordinal(13), "13th"}, {ordinal(21), "21st"}, {ordinal(111), "111th"}, {ordinal(122), "122nd"},
		{ago(-time.Second), "just now"}, {ago(59 * time.Second), "just now"}, {ago(time.Minute), "1 minute ago"},
		{ago(59*time.Minute + 20*time.Second), "59 minutes ago"}, {ago(59*time.Minute + 50*time.Second), "1 hour ago"},
		{ago(3 * time.Hour), "3 hours ago"}, {ago(49 * time.Hour), "2 days ago"},
		{in(-time.Second), "in a moment"}, {in(24*time.Hour - time.Second), "in 24 hours"}, {in(30 * 24 * time.Hour), "in 30 days"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestUserAgents(t *testing.T) {
	t.Parallel()
	for agent, want := range map[string]string{
		laptop:  "Firefox on Linux",
		phone:   "Safari on an iPhone",
		"":      "An unknown browser",
		desktop: "Chrome on Windows",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0.0":       "Edge on Windows",
		"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36": "Samsung Internet on Android",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15":               "Safari on a Mac",
		"curl/8.14.1":                         "curl",
		"<script>alert(1)</script> (Windows)": "A browser on Windows",
	} {
		if got := browserOf(agent); got != want {
			t.Errorf("%s: got %s, want %s", agent, got, want)
		}
	}
	if got := []string{device("Safari on an iPhone"), device("Chrome on Android"), device("Firefox on Linux")}; got[0] != "phone" || got[1] != "phone" || got[2] != "screen" {
		t.Errorf("icons %v", got)
	}
}
