package docs

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sessiongen/sessiongen/docs/internal/account"
	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/memstore"
)

// TestEveryRequirementIsAnswered checks that the table of security.md has all 33
// requirements, each with how it is kept and what keeps it. TestNamedTestsExist
// looks for the tests.
func TestEveryRequirementIsAnswered(t *testing.T) {
	text, err := os.ReadFile("security.md")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("^(?:`(?:Test|Fuzz|Example_)\\w+`(?:, |, and |$| for every store$))+$")
	next := 1
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(line, "| \n"), " | ")
		n, err := strconv.Atoi(cells[0])
		if !strings.HasPrefix(line, "| ") || err != nil {
			continue
		}
		if n != next {
			t.Errorf("requirement %d stands where %d is expected", n, next)
		}
		next = n + 1
		if len(cells) != 4 || len(cells[1]) < 10 || len(cells[2]) < 10 || !named.MatchString(cells[3]) {
			t.Errorf("requirement %d: %q", n, cells)
		}
	}
	if next != 34 {
		t.Errorf("%d requirements of 33", next-1)
	}
}

func Example_atMostThreeSessions() {
	var passed atomic.Int64 // the store asks for the time too
	start, config := time.Now(), quiet
	config.Now = func() time.Time { return start.Add(time.Duration(passed.Load())) }
	sessions := must(account.NewSessions(memstore.New(), config))
	login := sessions.Handler(func(w http.ResponseWriter, r *http.Request, s *account.Session) {
		s.SetUserID("u1")
		if err := s.Save(r.Context()); err != nil {
			http.Error(w, "try again", http.StatusServiceUnavailable)
			return
		}
		var others []*account.Session
		for other, err := range sessions.FindByUserID(r.Context(), "u1") {
			if err == nil && other.ID() != s.ID() {
				others = append(others, other)
			}
		}
		slices.SortFunc(others, func(a, b *account.Session) int { return b.ExpiresAt().Compare(a.ExpiresAt()) })
		for _, other := range others[min(len(others), 2):] {
			if err := sessions.Destroy(r.Context(), other.ID()); err != nil && !errors.Is(err, runtime.ErrNotFound) {
				http.Error(w, "try again", http.StatusServiceUnavailable)
				return
			}
		}
	})
	page := sessions.Handler(func(w http.ResponseWriter, r *http.Request, s *account.Session) { fmt.Fprint(w, s.HasUserID(), " ") })

	browsers := make([]visitor, 5)
	for i := range browsers {
		browsers[i].ask(login, "POST", "http://localhost/login")
		passed.Add(int64(time.Hour))
	}
	for i := range browsers {
		fmt.Print(browsers[i].ask(page, "GET", "http://localhost/").Body)
	}
	// Output: false false true true true
}
