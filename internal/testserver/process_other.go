//go:build !unix

package testserver

import (
	"os"
	"os/exec"
)

var pauseSignal, resumeSignal os.Signal // there are none

func runAs(*exec.Cmd, string) error { return nil }

func giveTo(string, string) error { return nil }

func family(int) []*os.Process { return nil }
