package main

import (
	"testing"

	"github.com/sessiongen/sessiongen/examples/frameworks/visits/visitstest"
)

func TestVisits(t *testing.T) { visitstest.Check(t, handler) }
