package main

import (
	"github.com/sessiongen/sessiongen/internal/model"
	"github.com/sessiongen/sessiongen/internal/schema"
)

// printSchema prints the specs as JSON.
func (c *command) printSchema(packages []*model.Package) int {
	text, err := schema.Of(packages).Print()
	if err == nil {
		_, err = c.stdout.Write(text)
	}
	if err != nil {
		return c.fail(err)
	}
	return same
}
