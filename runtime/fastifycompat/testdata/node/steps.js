'use strict';

// What the live tests ask a program for: a list of steps on the session of the
// request, the same that the Go side has in goside_test.go.

function run(session, steps) {
  for (const s of steps) {
    switch (s.op) {
      case 'incr': session.set('visits', (session.get('visits') || 0) + 1); break;
      case 'user': session.userId = s.value; break;
      case 'clear': session.set(s.value, undefined); break;
      case 'push': session.set('cart', [...(session.get('cart') || []), { sku: s.value, qty: 1, opts: null, sentAt: null, gift: s.value.length }]); break;
      case 'shift': if (session.get('cart')) session.set('cart', session.get('cart').slice(1)); break;
      case 'city': {
        const home = session.get('home') || { street: '', city: '', geo: { lat: 0, lon: 0, alt: 7 } };
        session.set('home', { ...home, city: s.value });
        break;
      }
      case 'put': session.set('qty', { ...session.get('qty'), [s.value]: s.value.length }); break;
      case 'extra': session.set('extra', { deep: [1, { x: s.value }], n: 0.5 }); break;
      case 'date': session.set('loginAt', new Date(1700000000123 + s.value.length)); break;
      case 'touch': session.touch(); break;
      case 'regenerate': session.regenerate(['visits']); break;
      case 'destroy': session.delete(); break;
      case 'read': break;
      default: throw new Error('unknown step ' + s.op);
    }
  }
  return { data: session.deleted ? {} : session.data() };
}

module.exports = { run };
