'use strict';

// What the live tests ask a program for: a list of steps on the session of the
// request, the same that the Go side has in live_test.go.

function call(session, method) {
  return new Promise((resolve, reject) => session[method]((err) => (err ? reject(err) : resolve())));
}

async function run(req, steps) {
  for (const s of steps) {
    const session = req.session;
    switch (s.op) {
      case 'incr': session[s.key] = (session[s.key] || 0) + 1; break;
      case 'set': session[s.key] = s.value; break;
      case 'delete': delete session[s.key]; break;
      case 'push': (session.cart = session.cart || []).push(s.value); break;
      case 'qty': if (session.cart && session.cart.length) session.cart[0].qty = s.value; break;
      case 'theme': (session.prefs = session.prefs || { theme: '', tags: null }).theme = s.value; break;
      case 'tag':
        session.prefs = session.prefs || { theme: '', tags: null };
        (session.prefs.tags = session.prefs.tags || []).push(s.value);
        break;
      case 'put': (session.u = session.u || {})[s.key] = s.value; break;
      case 'drop': if (session.u) delete session.u[s.key]; break;
      case 'maxAge': session.cookie.maxAge = s.value; break;
      case 'regenerate': await call(session, 'regenerate'); break;
      case 'destroy': await call(session, 'destroy'); return;
      case 'save': await call(session, 'save'); break;
      case 'reload': await call(session, 'reload'); break;
      case 'touch': session.touch(); break;
      case 'wait': await new Promise((resolve) => setTimeout(resolve, s.value)); break;
      case 'read': break;
      default: throw new Error('unknown step ' + s.op);
    }
  }
}

function seen(req) {
  if (!req.session) return { id: null, data: {} };
  const { cookie, ...data } = JSON.parse(JSON.stringify(req.session));
  return { id: req.sessionID, data };
}

module.exports = { run, seen };
