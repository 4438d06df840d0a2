package main

import "testing"

// TestAccessible checks each page in light and dark, on a desktop and a phone,
// for what WCAG 2.2 asks for at level AA and a program can see.
func TestAccessible(t *testing.T) {
	t.Parallel()
	eachPage(t, startChromium(t), func(b *tab, name string) {
		b.t.Helper()
		for _, scheme := range []string{"light", "dark"} {
			b.prefer(scheme)
			for _, width := range []int64{1280, 390, 320} {
				b.resize(width, 800)
				for _, fault := range eval[[]string](b, faults) {
					b.t.Errorf("%s, %s, %d wide: %s", name, scheme, width, fault)
				}
			}
		}
		b.pictures(name)
		b.prefer("light")
		b.resize(1280, 800)
	})
}

// faults is a script that returns what is wrong with a page.
const faults = `(() => {
	const found = [], all = (s, in_ = document) => [...in_.querySelectorAll(s)];
	const name = e => e.tagName.toLowerCase() + " " + JSON.stringify((e.innerText || e.value || e.id || "").slice(0, 40));
	const need = (ok, what) => { if (!ok) found.push(what) };

	need(document.documentElement.lang === "en", "no language");
	need(document.title.includes("The Blue Tin"), "no title");
	for (const landmark of ["header", "main", "footer", "h1"]) need(all(landmark).length === 1, all(landmark).length + " of " + landmark);
	let level = 0;
	for (const h of all("h1, h2, h3, h4")) {
		const n = Number(h.tagName[1]);
		need(n <= level + 1, name(h) + " skips a level");
		level = n;
	}
	const ids = all("[id]").map(e => e.id);
	need(new Set(ids).size === ids.length, "an id twice");
	for (const e of all("[aria-describedby], [aria-labelledby]"))
		for (const id of ((e.getAttribute("aria-describedby") || "") + " " + (e.getAttribute("aria-labelledby") || "")).trim().split(/\s+/))
			need(document.getElementById(id), name(e) + " names " + id + ", which is not there");
	for (const e of all("img")) {
		need(e.hasAttribute("alt"), e.src + " has no alt");
		need(e.loading === "lazy" || e.complete && e.naturalWidth > 0, e.src + " does not load");
	}
	for (const e of all("input:not([type=hidden]), textarea, select"))
		need(e.labels.length > 0 || e.ariaLabel, name(e) + " has no label");
	for (const e of all("a, button")) need(e.textContent.trim() !== "", e.outerHTML + " has no text");
	for (const e of all("main, nav, section")) need(e.tagName === "MAIN" || e.ariaLabel || e.hasAttribute("aria-labelledby"), name(e) + " has no name");
	for (const e of all("script, [style], [onclick]")) found.push(e.outerHTML + " needs a weaker policy");

	need(document.documentElement.scrollWidth <= innerWidth, "it scrolls sideways: " + document.documentElement.scrollWidth + " in " + innerWidth);
	// Success criterion 2.5.8: 24 by 24 pixels to hit.
	for (const e of all("a, button, input:not([type=hidden])")) {
		const box = e.getBoundingClientRect();
		if (e.closest(".unseen, .skip, footer, label")) continue;
		need(box.width >= 24 && box.height >= 24, name(e) + " is " + box.width + " by " + box.height);
		need(box.left >= 0 && box.right <= innerWidth + 1, name(e) + " sticks out");
	}
	// Success criterion 1.4.3: contrast of text.
	const pixel = Object.assign(document.createElement("canvas"), {width: 1, height: 1}).getContext("2d", {willReadFrequently: true});
	const rgba = color => {
		pixel.clearRect(0, 0, 1, 1);
		pixel.fillStyle = color;
		pixel.fillRect(0, 0, 1, 1);
		const c = pixel.getImageData(0, 0, 1, 1).data;
		return [c[0], c[1], c[2], c[3] / 255];
	};
	const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
	const ground = e => {
		if (!e) return [255, 255, 255, 1];
		const own = rgba(getComputedStyle(e).backgroundColor);
		return own[3] === 1 ? own : over(own, ground(e.parentElement));
	};
	const light = c => [0.2126, 0.7152, 0.0722].reduce((sum, k, i) => {
		const v = c[i] / 255;
		return sum + k * (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
	}, 0);
	const ratio = (x, y) => (Math.max(light(x), light(y)) + 0.05) / (Math.min(light(x), light(y)) + 0.05);
	const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	let n = 0;
	while (texts.nextNode()) {
		const e = texts.currentNode.parentElement;
		if (texts.currentNode.data.trim() === "" || e.closest(".unseen")) continue;
		n++;
		const style = getComputedStyle(e), size = parseFloat(style.fontSize), large = size >= 24 || size >= 18.66 && style.fontWeight >= 700;
		const below = ground(e), got = ratio(over(rgba(style.color), below), below);
		need(got >= (large ? 3 : 4.5), name(e) + " has a contrast of " + got.toFixed(2));
	}
	need(n > 10, "only " + n + " texts were looked at");
	// Success criterion 1.4.11: fields and their ground.
	for (const e of all("input:not([type=hidden], [type=checkbox], .unseen), textarea")) {
		const got = ratio(rgba(getComputedStyle(e).borderTopColor), ground(e.parentElement));
		need(got >= 3, name(e) + " has a border with a contrast of " + got.toFixed(2));
	}
	return found;
})()`
