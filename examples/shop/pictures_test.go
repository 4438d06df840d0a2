package main

import (
	"bytes"
	"cmp"
	"flag"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/chromedp/chromedp"
)

var (
	screenshots = flag.String("screenshots", "", "directory for the README's pictures, such as ../../docs/images")
	proofs      = flag.String("proofs", "", "directory for a picture of every page, to look at")
)

// pictures writes what the flags ask for of a page:
//
//	go test ./examples/shop -run TestAccessible -screenshots ../../docs/images
//
// They are the same wherever Chromium and the fonts are the same: those in the
// repository have the font Inter (package fonts-inter).
func (b *tab) pictures(page string) {
	b.t.Helper()
	if *screenshots != "" {
		for _, p := range []struct {
			page, scheme, file string
			height             int64
		}{
			{"catalogue-notice", "light", "shop-light.png", 800},
			{"catalogue-notice", "dark", "shop-dark.png", 800},
			{"sessions", "dark", "shop-sessions.png", 680},
		} {
			if p.page == page {
				b.prefer(p.scheme)
				b.resize(1280, p.height)
				eval[bool](b, `(scrollTo(0, 0), true)`)
				b.capture(chromedp.CaptureScreenshot(), filepath.Join(*screenshots, p.file))
			}
		}
	}
	if *proofs != "" {
		for _, scheme := range []string{"light", "dark"} {
			for device, width := range map[string]int64{"desktop": 1280, "phone": 390} {
				b.prefer(scheme)
				b.resize(width, 800)
				b.capture(chromedp.FullScreenshot(100), filepath.Join(*proofs, page+"-"+scheme+"-"+device+".png"))
			}
		}
	}
}

// capture writes a picture of what the tab shows.
func (b *tab) capture(shoot chromedp.Action[[]byte], path string) {
	b.t.Helper()
	data, err := chromedp.Run(b.ctx, shoot)
	if err != nil {
		b.t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		b.t.Fatal(err)
	}
	var small bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&small, paletted(img)); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(path, small.Bytes(), 0o644); err != nil {
		b.t.Fatal(err)
	}
	b.t.Logf("%s: %d bytes", path, small.Len())
}

// paletted returns img in the 256 colours that say most of it, which makes its
// file a third. Colours that differ by less than an eye sees count as one.
func paletted(img image.Image) image.Image {
	type shade struct{ n, r, g, b int }
	shades := map[[3]uint8]*shade{}
	bounds := img.Bounds()
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			c := color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)
			key := [3]uint8{c.R >> 3, c.G >> 3, c.B >> 3}
			if shades[key] == nil {
				shades[key] = &shade{}
			}
			s := shades[key]
			s.n, s.r, s.g, s.b = s.n+1, s.r+int(c.R), s.g+int(c.G), s.b+int(c.B)
		}
	}
	most := slices.SortedFunc(maps.Values(shades), func(x, y *shade) int { return cmp.Or(y.n-x.n, x.r-y.r, x.g-y.g, x.b-y.b) })
	var palette color.Palette
	for _, s := range most[:min(256, len(most))] {
		palette = append(palette, color.NRGBA{uint8(s.r / s.n), uint8(s.g / s.n), uint8(s.b / s.n), 255})
	}
	p := image.NewPaletted(bounds, palette)
	draw.Draw(p, bounds, img, bounds.Min, draw.Src)
	return p
}
