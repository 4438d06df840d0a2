'use strict';

// The same application under NestJS, whose handler takes the session as the
// parameter @Session(). The decorators are called by hand, so that nothing has
// to be compiled.

require('reflect-metadata');
const { Body, Controller, HttpCode, Module, Post, Req, Session } = require('@nestjs/common');
const { NestFactory } = require('@nestjs/core');
const { run, seen } = require('./steps');

module.exports = async function start(settings, middleware, rotate) {
  class Steps {
    async steps(session, req, steps) {
      if (session !== req.session) throw new Error('@Session() is not the session of the request');
      await run(req, steps);
      return seen(req);
    }

    secrets(list) {
      rotate(list);
      return {};
    }
  }
  const method = (name, path, ...parameters) => {
    const descriptor = Object.getOwnPropertyDescriptor(Steps.prototype, name);
    Post(path)(Steps.prototype, name, descriptor);
    HttpCode(200)(Steps.prototype, name, descriptor);
    parameters.forEach((parameter, i) => parameter(Steps.prototype, name, i));
  };
  method('steps', 'steps', Session(), Req(), Body());
  method('secrets', 'secrets', Body());
  Controller()(Steps);
  class App {}
  Module({ controllers: [Steps] })(App);

  const app = await NestFactory.create(App, { logger: ['error', 'warn'] });
  app.use(middleware);
  await app.listen(settings.port, '127.0.0.1');
};
