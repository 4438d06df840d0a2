//go:build !unix

package main

import "os"

// running tells whether there is a process of this number, whoever's it is.
func running(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	p.Release()
	return true
}
