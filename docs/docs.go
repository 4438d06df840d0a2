// Package docs holds the documentation; its test keeps the README's code true.
package docs
