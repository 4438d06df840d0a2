package otelsession_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/internal/shop"
	"github.com/sessiongen/sessiongen/runtime/memstore"
	"github.com/sessiongen/sessiongen/runtime/otelsession"
)

// app is an application that measures and traces.
type app struct {
	t        *testing.T
	sessions *shop.Sessions
	reader   *sdkmetric.ManualReader
	spans    *tracetest.SpanRecorder
	tracer   *sdktrace.TracerProvider
	store    *failing
}

// failing is a store that can stop answering.
type failing struct {
	*memstore.Store
	err error
}

func (f *failing) Bind(setup runtime.Setup) (runtime.Parts, error) {
	parts, err := f.Store.Bind(setup)
	parts.Records = f
	return parts, err
}

func (f *failing) Load(ctx context.Context, key string) (runtime.Record, error) {
	if f.err != nil {
		return runtime.Record{}, f.err
	}
	return f.Store.Load(ctx, key)
}

func newApp(t *testing.T) *app {
	memory := memstore.New()
	t.Cleanup(func() { memory.Close() })
	a := &app{t: t, reader: sdkmetric.NewManualReader(), spans: tracetest.NewSpanRecorder(), store: &failing{Store: memory}}
	a.tracer = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(a.spans))
	observer, err := otelsession.New(otelsession.Config{MeterProvider: sdkmetric.NewMeterProvider(sdkmetric.WithReader(a.reader)), TracerProvider: a.tracer})
	if err != nil {
		t.Fatal(err)
	}
	a.sessions, err = shop.NewSessions(a.store, runtime.Config{Observer: observer, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (a *app) request(ctx context.Context, token string, do func(*shop.Session)) {
	r := httptest.NewRequest(http.MethodGet, "/", nil).WithContext(ctx)
	if token != "" {
		r.AddCookie(&http.Cookie{Name: "__Host-session", Value: token})
	}
	a.sessions.Handler(func(_ http.ResponseWriter, _ *http.Request, s *shop.Session) { do(s) }).ServeHTTP(httptest.NewRecorder(), r)
}

// metrics returns the counts of the durations, and the sum of the retries.
func (a *app) metrics() (counts map[string]uint64, retries int64) {
	a.t.Helper()
	var all metricdata.ResourceMetrics
	if err := a.reader.Collect(context.Background(), &all); err != nil {
		a.t.Fatal(err)
	}
	counts = map[string]uint64{}
	for _, scope := range all.ScopeMetrics {
		if !strings.HasSuffix(scope.Scope.Name, "/otelsession") {
			a.t.Errorf("scope %s", scope.Scope.Name)
		}
		for _, m := range scope.Metrics {
			switch data := m.Data.(type) {
			case metricdata.Histogram[float64]:
				if m.Name != "sessiongen.operation.duration" || m.Unit != "s" || m.Description == "" {
					a.t.Errorf("metric %s in %s", m.Name, m.Unit)
				}
				for _, p := range data.DataPoints {
					counts[said(p.Attributes.ToSlice())] = p.Count
					if p.Sum < 0 || p.Sum > 60 || len(p.Bounds) < 10 {
						a.t.Errorf("%v", p)
					}
				}
			case metricdata.Sum[int64]:
				if m.Name != "sessiongen.commit.retries" || m.Unit != "{retry}" || !data.IsMonotonic {
					a.t.Errorf("metric %s in %s", m.Name, m.Unit)
				}
				for _, p := range data.DataPoints {
					retries += p.Value
				}
			default:
				a.t.Errorf("metric %s is a %T", m.Name, data)
			}
		}
	}
	return counts, retries
}

// said is what attributes say, without what is the same for all.
func said(attributes []attribute.KeyValue) string {
	var op, outcome, failure string
	for _, kv := range attributes {
		switch kv.Key {
		case "sessiongen.operation.name":
			op = kv.Value.AsString()
		case "sessiongen.outcome":
			outcome = kv.Value.AsString()
		case "error.type":
			failure = " error " + kv.Value.AsString()
		case "sessiongen.session.type":
			if kv.Value.AsString() != "shop.Session" {
				return "session " + kv.Value.AsString()
			}
		case "sessiongen.commit.retries":
		default:
			return "attribute " + string(kv.Key)
		}
	}
	return op + " " + outcome + failure
}

func TestMetricsAndSpans(t *testing.T) {
	ctx := t.Context()
	a := newApp(t)
	s, err := a.sessions.Create(ctx, func(s *shop.Session) error { s.SetVisits(1); return nil })
	if err != nil {
		t.Fatal(err)
	}
	token, id := a.sessions.Token(s), s.ID()
	server, span := a.tracer.Tracer("server").Start(ctx, "GET /")
	a.request(server, token, func(s *shop.Session) {
		// Another process writes meanwhile.
		rec, err := a.store.Load(ctx, id)
		if err == nil {
			other := rec
			other.Stamp++
			err = a.store.Update(ctx, id, rec, other)
		}
		if err != nil {
			t.Error(err)
		}
		s.AddVisits(1)
	})
	span.End()
	a.request(ctx, "forged", func(*shop.Session) {})
	a.request(ctx, strings.Repeat("A", 43), func(*shop.Session) {})
	a.store.err = errors.New("connection refused by " + token)
	a.request(ctx, token, func(*shop.Session) {})

	counts, retries := a.metrics()
	want := map[string]uint64{
		"create ok": 1, "commit ok": 2, "load ok": 2, "open ok": 1, "update ok": 1, "update conflict": 1,
		"open forged": 1, "load not_found": 1, "open not_found": 1,
		"load failed error failed": 1, "open failed error failed": 1,
	}
	if fmt.Sprint(counts) != fmt.Sprint(want) || retries != 1 {
		t.Errorf("%v, %d retries; want %v, 1", counts, retries, want)
	}

	spans := a.spans.Ended()
	names := map[string]string{} // span -> its name, "" for the server's
	for _, s := range spans {
		names[s.SpanContext().SpanID().String()] = s.Name()
	}
	got := map[string]int{}
	for _, s := range spans {
		if s.Name() == "GET /" {
			continue
		}
		said := said(s.Attributes())
		if !strings.HasPrefix(s.Name()+" ", "sessiongen "+strings.Fields(said)[0]+" ") {
			t.Errorf("span %s says %s", s.Name(), said)
		}
		if failed := strings.Contains(said, "error"); failed != (s.Status().Code == codes.Error) {
			t.Errorf("span %s has status %v", s.Name(), s.Status())
		}
		if parent := names[s.Parent().SpanID().String()]; parent != "" {
			said += " in " + parent
		}
		got[said]++
		text := fmt.Sprint(s.Attributes(), s.Status(), s.Events())
		if strings.Contains(text, token) || strings.Contains(text, id) {
			t.Errorf("span %s tells %s", s.Name(), text)
		}
	}
	wantSpans := map[string]int{
		"create ok in sessiongen commit": 1, "commit ok": 1, // without a request
		"load ok in sessiongen open": 1, "open ok in GET /": 1,
		"update conflict in sessiongen commit": 1, "load ok in sessiongen commit": 1, "update ok in sessiongen commit": 1, "commit ok in GET /": 1,
		"open forged": 1, "load not_found in sessiongen open": 1, "open not_found": 1,
		"load failed error failed in sessiongen open": 1, "open failed error failed": 1,
	}
	if fmt.Sprint(got) != fmt.Sprint(wantSpans) {
		t.Errorf("spans %v\nwant  %v", got, wantSpans)
	}
	if started := a.spans.Started(); len(started) != len(spans) {
		t.Errorf("%d spans began and %d ended", len(started), len(spans))
	}
}

// Without providers nothing is done, and nothing fails.
func TestNothingConfigured(t *testing.T) {
	observer, err := otelsession.New(otelsession.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := observer.(runtime.Beginner); ok {
		t.Error("it traces")
	}
	observer.Observe(t.Context(), runtime.Event{Op: runtime.OpLoad, Outcome: runtime.OK, Retries: 1})
}

// Who uses the runtime alone builds nothing of OpenTelemetry.
func TestRuntimeImportsNone(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "..", "../memstore", "../cookiestore", "../movestore").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, pkg := range strings.Fields(string(out)) {
		if strings.HasPrefix(pkg, "go.opentelemetry.io/") {
			t.Errorf("the runtime depends on %s", pkg)
		}
	}
	out, err = exec.Command("go", "list", "-deps", ".").Output()
	if err != nil || strings.Contains(string(out), "go.opentelemetry.io/otel/sdk") {
		t.Errorf("%v: the package depends on the SDK", err)
	}
}
