'use strict';

// The shop that was there before. It knows nothing of the service in Go.

const express = require('express');
const session = require('express-session');
const { RedisStore } = require('connect-redis');
const { createClient } = require('redis');

async function main() {
  const client = createClient({ url: process.env.REDIS_URL });
  await client.connect();
  const app = express();
  app.use(express.urlencoded({ extended: false }));
  app.use(session({
    store: new RedisStore({ client, prefix: process.env.SESSION_PREFIX }),
    secret: process.env.SESSION_SECRET.split(','),
    resave: false,
    saveUninitialized: false,
    cookie: { maxAge: 24 * 3600 * 1000, sameSite: 'lax' },
  }));

  app.get('/', (req, res) => {
    const user = req.session.user || 'nobody';
    const cart = req.session.cart || [];
    res.type('html').send(`<!doctype html><title>Beside Express</title>
<p>Express says: you are <b>${escape(user)}</b>, with ${cart.length} lines in the cart.</p>
<form method="post" action="/login"><input name="user" value="ada"><button>Log in (Express)</button></form>
<form method="post" action="/cart"><input name="sku" value="tea"><button>Add to cart</button></form>
<form method="post" action="/logout"><button>Log out (Express)</button></form>
<p><a href="/cart">The cart</a></p>`);
  });
  app.post('/login', (req, res, next) => {
    const { cart } = req.session;
    req.session.regenerate((err) => {
      if (err) return next(err);
      req.session.user = req.body.user;
      if (cart) req.session.cart = cart;
      // Wait for the store, or the redirect may come before the session.
      req.session.save((err) => (err ? next(err) : res.redirect(303, '/')));
    });
  });
  app.post('/logout', (req, res, next) => {
    req.session.destroy((err) => (err ? next(err) : res.clearCookie('connect.sid').redirect(303, '/')));
  });

  // The routes that move to Go; they stay here for the way back.
  app.get('/cart', (req, res) => {
    res.json({ by: 'Express', user: req.session.user || '', cart: req.session.cart || [] });
  });
  app.post('/cart', (req, res) => {
    const cart = (req.session.cart = req.session.cart || []);
    const line = cart.find((line) => line.sku === req.body.sku);
    if (line) line.qty++;
    else cart.push({ sku: req.body.sku, qty: 1 });
    req.session.save((err) => (err ? res.sendStatus(503) : res.redirect(303, '/cart')));
  });
  const [host, port] = process.env.LISTEN.split(':');
  app.listen(Number(port), host);
}

function escape(text) {
  return String(text).replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
}

main().catch((err) => { console.error(err); process.exit(1); });
