// Package bystander knows none of the fields that it shares; it has them all
// in a rest field.
package bystander

//go:generate go run ../../../../cmd/sessiongen

//sessiongen:session
type session struct {
	Visits int
	Rest   map[string]string `session:",rest"`
}
