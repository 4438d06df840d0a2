// Echo counts visits under labstack/echo, which takes net/http's middleware as it is.
package main

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/sessiongen/sessiongen/examples/frameworks/visits"
)

func main() { visits.Run(handler) }

func handler(sessions *visits.Sessions) http.Handler {
	e := echo.New()
	e.Use(echo.WrapMiddleware(sessions.Middleware))
	e.GET("/visits", func(c echo.Context) error {
		n := sessions.Get(c.Request()).AddVisits(1)
		return c.JSON(http.StatusOK, map[string]int{"visits": n})
	})
	return e
}
