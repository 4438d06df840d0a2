'use strict';

// The application that is there. Its arguments are key files: the first seals,
// all open. PORT is where it listens, 3000 if it is not set.

const fs = require('fs');
const app = require('fastify')({ trustProxy: '127.0.0.1' });

app.register(require('@fastify/secure-session'), {
  key: process.argv.slice(2).map((file) => fs.readFileSync(file)),
  cookie: { path: '/', secure: 'auto' },
});

app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (request, body, done) => {
  done(null, Object.fromEntries(new URLSearchParams(body)));
});

app.post('/login', async (request, reply) => {
  request.session.regenerate(['visits', 'cart']);
  request.session.userId = request.body.user;
  request.session.loginAt = new Date();
  return reply.redirect('/visits', 303);
});

app.get('/visits', async (request) => {
  const session = request.session;
  session.visits = (session.visits || 0) + 1;
  return `Node: visit ${session.visits} of ${session.userId}\n`;
});

app.get('/cart', async (request) => request.session.cart || []);

app.listen({ port: Number(process.env.PORT || 3000), host: '127.0.0.1' });
