// Package otelsession tells OpenTelemetry what a manager of sessions does:
//
//	observer, err := otelsession.New(otelsession.Config{
//		MeterProvider:  otel.GetMeterProvider(),
//		TracerProvider: otel.GetTracerProvider(),
//	})
//	sessions, err := shop.NewSessions(store, runtime.Config{Observer: observer})
//
// It uses the API alone; the application chooses the SDK and where it exports to.
//
// # Metrics
//
//	sessiongen.operation.duration  histogram, s         each operation; its count is
//	                                                    how many there were
//	sessiongen.commit.retries      counter, {retry}     commits that were merged with
//	                                                    another request's and tried again
//
// with the attributes
//
//	sessiongen.session.type    the generated type, such as "shop.Session"
//	sessiongen.operation.name  a [runtime.Op], such as "load"
//	sessiongen.outcome         a [runtime.Outcome], such as "not_found"
//	error.type                 the same, where the outcome is a failure
//
// All come from small fixed sets; ids, tokens, keys and values are never told.
//
// # Traces
//
// Each operation is an internal span, called "sessiongen" and the operation, with
// the same attributes and the retries of a commit. The spans of the store's calls,
// and those that a driver's own instrumentation makes, are inside of it. A
// failure sets the span's status to Error.
package otelsession

import (
	"context"
	"fmt"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/sessiongen/sessiongen/runtime"
)

const scope = "github.com/sessiongen/sessiongen/runtime/otelsession"

// Config says where to measure and trace.
type Config struct {
	MeterProvider  metric.MeterProvider // nil for no metrics
	TracerProvider trace.TracerProvider // nil for no spans
}

// boundaries of the durations, in seconds: a store in this process answers in
// microseconds, one that is in trouble within Config.StoreTimeout of 5 seconds.
var boundaries = []float64{0.000005, 0.00002, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}

// New returns an observer for [runtime.Config]. It may serve several managers.
// It returns the error of a meter that refuses an instrument.
func New(config Config) (runtime.Observer, error) {
	o := &observer{}
	if config.MeterProvider != nil {
		meter := config.MeterProvider.Meter(scope)
		var err error
		if o.duration, err = meter.Float64Histogram("sessiongen.operation.duration", metric.WithUnit("s"),
			metric.WithDescription("Duration of operations on sessions and on their store."),
			metric.WithExplicitBucketBoundaries(boundaries...)); err != nil {
			return nil, fmt.Errorf("otelsession: %w", err)
		}
		if o.retries, err = meter.Int64Counter("sessiongen.commit.retries", metric.WithUnit("{retry}"),
			metric.WithDescription("How often commits were merged with those of other requests and tried again.")); err != nil {
			return nil, fmt.Errorf("otelsession: %w", err)
		}
	}
	if config.TracerProvider == nil {
		return o, nil
	}
	return &tracing{o, config.TracerProvider.Tracer(scope)}, nil
}

// observer measures.
type observer struct {
	duration metric.Float64Histogram
	retries  metric.Int64Counter
	options  sync.Map // kind -> metric.MeasurementOption, so that a request makes none
}

type kind struct {
	session string
	op      runtime.Op
	outcome runtime.Outcome
}

func (o *observer) Observe(ctx context.Context, e runtime.Event) {
	if o.duration == nil {
		return
	}
	k := kind{e.Session, e.Op, e.Outcome}
	cached, ok := o.options.Load(k)
	if !ok {
		cached, _ = o.options.LoadOrStore(k, metric.WithAttributeSet(attribute.NewSet(k.attributes()...)))
	}
	option := cached.(metric.MeasurementOption)
	o.duration.Record(ctx, e.Duration.Seconds(), option)
	if e.Retries > 0 {
		o.retries.Add(ctx, int64(e.Retries), option)
	}
}

func (k kind) attributes() []attribute.KeyValue {
	all := append(begun(k.session, k.op), attribute.String("sessiongen.outcome", string(k.outcome)))
	if k.outcome.Failure() {
		all = append(all, attribute.String("error.type", string(k.outcome)))
	}
	return all
}

// begun are the attributes that are known when an operation begins.
func begun(session string, op runtime.Op) []attribute.KeyValue {
	return []attribute.KeyValue{
		attribute.String("sessiongen.session.type", session),
		attribute.String("sessiongen.operation.name", string(op)),
	}
}

// tracing also makes spans.
type tracing struct {
	*observer
	tracer trace.Tracer
}

var _ runtime.Beginner = (*tracing)(nil)

func (t *tracing) Begin(ctx context.Context, session string, op runtime.Op) context.Context {
	ctx, _ = t.tracer.Start(ctx, "sessiongen "+string(op), trace.WithAttributes(begun(session, op)...))
	return ctx
}

func (t *tracing) Observe(ctx context.Context, e runtime.Event) {
	t.observer.Observe(ctx, e) // while the span is there to be an exemplar
	span := trace.SpanFromContext(ctx)
	if span.IsRecording() {
		span.SetAttributes(kind{e.Session, e.Op, e.Outcome}.attributes()...)
		if e.Retries > 0 {
			span.SetAttributes(attribute.Int("sessiongen.commit.retries", e.Retries))
		}
		if e.Outcome.Failure() {
			span.SetStatus(codes.Error, string(e.Outcome))
		}
	}
	span.End()
}
