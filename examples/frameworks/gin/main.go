// Gin counts visits under gin-gonic/gin, whose engine is an http.Handler.
package main

import (
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"github.com/sessiongen/sessiongen/examples/frameworks/visits"
)

func main() { visits.Run(handler) }

func handler(sessions *visits.Sessions) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.GET("/visits", func(c *gin.Context) {
		n := sessions.Get(c.Request).AddVisits(1)
		c.Data(http.StatusOK, "application/json", []byte("{\"visits\":"+strconv.Itoa(n)+"}\n"))
	})
	return sessions.Middleware(engine) // around the engine: its writer then is what Gin wraps
}
