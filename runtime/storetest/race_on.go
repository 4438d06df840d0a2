//go:build race

package storetest

// stormClients is fewer than without the race detector, which makes a storm many
// times slower.
const stormClients = 16
