'use strict';

// A Fastify application, or a NestJS one on Fastify, with @fastify/secure-session.
// Its argument is JSON: {"port":..., "nest":..., "options":{...}}, keys in base64.

const { run } = require('./steps');
const settings = JSON.parse(process.argv[2]);
const secureSession = require('@fastify/secure-session');

async function plain() {
  const app = require('fastify')();
  await app.register(secureSession, settings.options);
  app.post('/steps', async (request) => run(request.session, request.body));
  app.post('/encode', async (request) => ({ token: app.encodeSecureSession(app.createSecureSession(request.body)) }));
  app.post('/decode', async (request) => {
    const session = app.decodeSecureSession(request.body.token);
    return { data: session && session.data() };
  });
  await app.listen({ port: settings.port, host: '127.0.0.1' });
}

// The decorators are called by hand, so that nothing has to be compiled.
async function nest() {
  require('reflect-metadata');
  const { Body, Controller, HttpCode, Module, Post, Req, Session } = require('@nestjs/common');
  const { NestFactory } = require('@nestjs/core');
  const { FastifyAdapter } = require('@nestjs/platform-fastify');
  class Steps {
    steps(session, request, steps) {
      if (session !== request.session) throw new Error('@Session() is not the session of the request');
      return run(session, steps);
    }
  }
  const descriptor = Object.getOwnPropertyDescriptor(Steps.prototype, 'steps');
  Post('steps')(Steps.prototype, 'steps', descriptor);
  HttpCode(200)(Steps.prototype, 'steps', descriptor);
  [Session(), Req(), Body()].forEach((parameter, i) => parameter(Steps.prototype, 'steps', i));
  Controller()(Steps);
  class App {}
  Module({ controllers: [Steps] })(App);
  const app = await NestFactory.create(App, new FastifyAdapter(), { logger: ['error', 'warn'] });
  await app.register(secureSession, settings.options);
  await app.listen(settings.port, '127.0.0.1');
}

(settings.nest ? nest : plain)();
