//go:build unix

package testserver

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"strings"
	"syscall"
)

var pauseSignal, resumeSignal os.Signal = syscall.SIGSTOP, syscall.SIGCONT

// runAs makes cmd run as a user, for servers that refuse to run as root. Another
// user than root runs it as itself.
func runAs(cmd *exec.Cmd, name string) error {
	uid, gid, err := ids(name)
	if err != nil || uid < 0 {
		return err
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	return nil
}

// giveTo makes a directory that of the user that runAs takes.
func giveTo(dir, name string) error {
	uid, gid, err := ids(name)
	if err != nil || uid < 0 {
		return err
	}
	return os.Chown(dir, uid, gid)
}

// ids returns the ids of the user that a program is to run as, -1 for the test's own.
func ids(name string) (uid, gid int, err error) {
	if name == "" || os.Getuid() != 0 {
		return -1, -1, nil
	}
	u, err := user.Lookup(name)
	if err != nil {
		return -1, -1, fmt.Errorf("a server that does not run as root needs a user: %w", err)
	}
	if uid, err = strconv.Atoi(u.Uid); err == nil {
		gid, err = strconv.Atoi(u.Gid)
	}
	return uid, gid, err
}

// family returns the processes that a process has started, which a signal to it
// does not reach: PostgreSQL's are each in a group of their own.
func family(pid int) (children []*os.Process) {
	out, err := exec.Command("ps", "-A", "-o", "pid=,ppid=").Output()
	if err != nil {
		return nil // without ps, they end by themselves some time after their parent
	}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		if len(fields) == 2 && fields[1] == strconv.Itoa(pid) {
			if child, err := strconv.Atoi(fields[0]); err == nil {
				if p, err := os.FindProcess(child); err == nil {
					children = append(children, p)
				}
			}
		}
	}
	return children
}
