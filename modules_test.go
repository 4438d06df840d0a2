package sessiongen_test

// The archives of testdata use types of these modules. Their own go.mod is made
// from this one, so that it must require them.
import (
	_ "github.com/google/uuid"
	_ "google.golang.org/protobuf/proto"
)
