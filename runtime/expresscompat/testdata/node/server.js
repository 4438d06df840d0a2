'use strict';

// An Express or NestJS application whose handlers run the steps that a live test
// sends. Its argument says which, and how express-session is set up; POST /secrets
// replaces the secrets, as a deployment with another configuration would.

const session = require('express-session');
const { run, seen } = require('./steps');

const settings = JSON.parse(process.argv[2]);

async function main() {
  const options = { resave: false, saveUninitialized: false, ...settings.session };
  const secrets = options.secret;
  if (settings.redis) {
    const { createClient } = require('redis');
    const { RedisStore } = require('connect-redis');
    const client = createClient({ url: 'redis://' + settings.redis });
    await client.connect();
    options.store = new RedisStore({ client, prefix: settings.prefix });
  }
  const rotate = (list) => secrets.splice(0, secrets.length, ...list);

  if (settings.nest) {
    await require('./nest')(settings, session(options), rotate);
    return;
  }
  const express = require('express');
  const app = express();
  app.use(express.json());
  app.post('/secrets', (req, res) => { rotate(req.body); res.json({}); });
  app.use(session(options));
  app.post('/steps', async (req, res) => {
    await run(req, req.body);
    res.json(seen(req));
  });
  app.listen(settings.port, '127.0.0.1');
}

main().catch((err) => { console.error(err); process.exit(1); });
