package storetest

import (
	"context"
	"iter"
	"time"

	"github.com/sessiongen/sessiongen/runtime"
	"github.com/sessiongen/sessiongen/runtime/memstore"
)

// faulty is a good store of which some operations are replaced.
type faulty struct {
	*memstore.Store
	clock  func() time.Time
	load   func(ctx context.Context, key string) (runtime.Record, error)
	create func(ctx context.Context, key string, new runtime.Record) error
	update func(ctx context.Context, key string, old, new runtime.Record) error
	touch  func(ctx context.Context, key string, old runtime.Record, expires time.Time) error
	delete func(ctx context.Context, key string, old runtime.Record) error
	find   func(ctx context.Context, e runtime.IndexEntry) iter.Seq2[string, error]
	list   func(ctx context.Context) iter.Seq2[string, error]
	close  func() error
}

func (f *faulty) Bind(setup runtime.Setup) (runtime.Parts, error) {
	if f.clock != nil {
		setup.Now = f.clock
	}
	parts, err := f.Store.Bind(setup)
	parts.Records = f
	return parts, err
}

func (f *faulty) Load(ctx context.Context, key string) (runtime.Record, error) {
	if f.load != nil {
		return f.load(ctx, key)
	}
	return f.Store.Load(ctx, key)
}

func (f *faulty) Create(ctx context.Context, key string, new runtime.Record) error {
	if f.create != nil {
		return f.create(ctx, key, new)
	}
	return f.Store.Create(ctx, key, new)
}

func (f *faulty) Update(ctx context.Context, key string, old, new runtime.Record) error {
	if f.update != nil {
		return f.update(ctx, key, old, new)
	}
	return f.Store.Update(ctx, key, old, new)
}

func (f *faulty) Touch(ctx context.Context, key string, old runtime.Record, expires time.Time) error {
	if f.touch != nil {
		return f.touch(ctx, key, old, expires)
	}
	return f.Store.Touch(ctx, key, old, expires)
}

func (f *faulty) Delete(ctx context.Context, key string, old runtime.Record) error {
	if f.delete != nil {
		return f.delete(ctx, key, old)
	}
	return f.Store.Delete(ctx, key, old)
}

func (f *faulty) Find(ctx context.Context, e runtime.IndexEntry) iter.Seq2[string, error] {
	if f.find != nil {
		return f.find(ctx, e)
	}
	return f.Store.Find(ctx, e)
}

func (f *faulty) List(ctx context.Context) iter.Seq2[string, error] {
	if f.list != nil {
		return f.list(ctx)
	}
	return f.Store.List(ctx)
}

func (f *faulty) Close() error {
	if f.close != nil {
		return f.close()
	}
	return f.Store.Close()
}
