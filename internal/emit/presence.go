package emit

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/sessiongen/sessiongen/internal/model"
)

// presence emits what sets a field, what tells whether it is set, and what unsets
// it. The three are one group where each is a line and says nothing special:
//
//	// SetVisits sets Visits; HasVisits tells whether it is set, ClearVisits unsets it.
//	func (s *Session) SetVisits(visits int) { sessrt.Set(&s.sessionBag, 0, &s.v.Visits, visits) }
//	func (s *Session) HasVisits() bool      { return sessrt.Has(&s.sessionBag, 0) }
//	func (s *Session) ClearVisits()         { sessrt.Clear(&s.sessionBag, 0, &s.v.Visits) }
func (f field) presence() {
	lines := []string{
		fmt.Sprintf("Set%s(%s %s) { %s }", f.GoName, f.Param, f.Type.Go, f.setCall()),
		fmt.Sprintf("Has%s() bool { return %s }", f.GoName, f.callText("Has")),
		fmt.Sprintf("Clear%s() { %s }", f.GoName, f.clearCall()),
	}
	alone := f.Principal || f.TTL > 0 || holdsTimes(f.Type) || strings.Contains(f.Type.Go, "struct")
	for i := range lines {
		lines[i] = fmt.Sprintf("func (%s *%s) ", f.local.s, f.Name) + lines[i]
		alone = alone || len(lines[i]) > lineLimit
	}
	if alone {
		f.set()
		f.has()
		f.clear()
		return
	}
	text := strings.TrimSuffix(f.setDoc()[0], ".") + "; Has" + f.GoName + " tells whether it is set, Clear" + f.GoName + " unsets it."
	f.emit(doc(text), jen.Id(strings.Join(lines, "\n")))
}

// lineLimit is the length up to which gofmt leaves a function on one line: 100
// bytes without the braces and the spaces inside them.
const lineLimit = 100 + len("{ ") + len(" }")

// set emits the setter:
//
//	// SetStepUp sets StepUp for 15 minutes.
//	func (s *Session) SetStepUp(stepUp bool) {
//		sessrt.Set(&s.sessionBag, 17, &s.v.StepUp, stepUp)
//		sessrt.StartTTL(&s.sessionBag, 17, 15*time.Minute)
//	}
//
// A struct or array that has times in it is given instants first.
func (f field) set() {
	var code []jen.Code
	if holdsTimes(f.Type) {
		code = f.instants(f.Type, f.Param, 0)
	}
	f.method(f.setDoc(), "Set"+f.GoName, []jen.Code{f.param()}, nil, f.restart(append(code, jen.Id(f.setCall())))...)
}

// setCall is what a setter does: sessrt.Set(&s.sessionBag, 0, &s.v.Visits, visits),
// SetTime for a time, and SetLent for what a caller can change in place.
func (f field) setCall() string {
	name := "Set"
	switch {
	case f.Type.Kind == model.Time:
		name = "SetTime"
	case f.Type.Lent:
		name = "SetLent"
	}
	return f.callText(name, f.addressText(), f.Param)
}

// has emits
//
//	// HasVisits tells whether Visits is set.
//	func (s *Session) HasVisits() bool { return sessrt.Has(&s.sessionBag, 0) }
func (f field) has() {
	f.method(f.hasDoc(), "Has"+f.GoName, nil, jen.Bool(), jen.Return(f.live()))
}

// clear emits
//
//	// ClearVisits unsets Visits.
//	func (s *Session) ClearVisits() { sessrt.Clear(&s.sessionBag, 0, &s.v.Visits) }
func (f field) clear() {
	f.method(f.clearDoc(), "Clear"+f.GoName, nil, nil, jen.Id(f.clearCall()))
}

// clearCall is what unsets the field: sessrt.Clear(&s.sessionBag, 0, &s.v.Visits).
func (f field) clearCall() string { return f.callText("Clear", f.addressText()) }

// callText is a call of the runtime about the field, as f.call makes it, but in
// plain text: its length decides where it stands.
func (f field) callText(name string, more ...string) string {
	args := append([]string{"&" + f.local.s + "." + f.BagIdent, strconv.Itoa(f.i)}, more...)
	return model.RuntimeName + "." + name + "(" + strings.Join(args, ", ") + ")"
}

func (f field) addressText() string { return "&" + f.local.s + ".v." + f.Path }
