package main

import "strings"

// sign is a piece of a User-Agent header and what it tells.
type sign struct{ piece, name string }

// The first sign that fits counts: most browsers also name the ones that they
// want to be taken for.
var (
	browsers = []sign{
		{"Edg/", "Edge"}, {"EdgA/", "Edge"}, {"EdgiOS/", "Edge"}, {"OPR/", "Opera"}, {"Vivaldi/", "Vivaldi"},
		{"SamsungBrowser/", "Samsung Internet"}, {"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"},
		{"CriOS/", "Chrome"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}, {"curl/", "curl"},
	}
	systems = []sign{
		{"iPhone", "an iPhone"}, {"iPad", "an iPad"}, {"Android", "Android"}, {"CrOS", "ChromeOS"},
		{"Windows", "Windows"}, {"Macintosh", "a Mac"}, {"Linux", "Linux"},
	}
)

// browserOf sums up a User-Agent header, such as "Firefox on Linux". It is for
// a person to recognise a browser by; it decides nothing.
func browserOf(userAgent string) string {
	browser, system := first(browsers, userAgent), first(systems, userAgent)
	switch {
	case browser == "" && system == "":
		return "An unknown browser"
	case browser == "":
		return "A browser on " + system
	case system == "":
		return browser
	}
	return browser + " on " + system
}

func first(signs []sign, userAgent string) string {
	for _, s := range signs {
		if strings.Contains(userAgent, s.piece) {
			return s.name
		}
	}
	return ""
}

// device names the icon of what browserOf returned.
func device(browser string) string {
	for _, system := range []string{"iPhone", "iPad", "Android"} {
		if strings.Contains(browser, system) {
			return "phone"
		}
	}
	return "screen"
}
