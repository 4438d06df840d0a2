package runtime

import (
	"context"
)

// locks are an in-process lock for each key, striped: two requests on one
// session commit one after the other instead of through a conflict. Waiting
// ends with the context.
type locks [256]chan struct{}

func (l *locks) init() {
	for i := range l {
		l[i] = make(chan struct{}, 1)
	}
}

func (l *locks) lock(ctx context.Context, key string) (unlock func(), err error) {
	stripe := l[stripeOf(key)]
	select {
	case stripe <- struct{}{}: // without a look at a context that may be cancelled
		return func() { <-stripe }, nil
	default:
	}
	select {
	case stripe <- struct{}{}:
		return func() { <-stripe }, nil
	case <-ctx.Done():
		return nil, unavailable(ctx.Err())
	}
}

// stripeOf hashes key by FNV-1a.
func stripeOf(key string) uint8 {
	h := uint32(2166136261)
	for i := range len(key) {
		h = (h ^ uint32(key[i])) * 16777619
	}
	return uint8(h ^ h>>8 ^ h>>16)
}
