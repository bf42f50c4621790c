// The environment of a suite, which lets it have a module of the worker's own instead of loading another.
import { TestEnvironment } from 'jest-environment-node';

export default class extends TestEnvironment {
  async setup() {
    await super.setup();
    this.global[Symbol.for('memplane.test.import')] = (name) => import(name);
  }
}
