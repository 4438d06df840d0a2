//go:build !race

package storetest

// stormClients is how many clients send requests with one session at once.
const stormClients = 64
