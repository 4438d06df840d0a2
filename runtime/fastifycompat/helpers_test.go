package fastifycompat_test

import (
	"log/slog"

	"github.com/sessiongen/sessiongen/runtime"
)

// quiet is a configuration that logs nothing.
var quiet = runtime.Config{Logger: slog.New(slog.DiscardHandler)}
