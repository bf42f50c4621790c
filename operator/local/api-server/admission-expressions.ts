import type { Environment } from '@marcbachmann/cel-js';
import { createEnvironment } from './cel/environment.js';

/** What a policy's expressions may ask: `authorizer.group('memplane.dev').resource('memorytenants').name(x).check('erase').allowed()`. */
export interface AccessQuestion {
  readonly path?: string;
  readonly group?: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly verb?: string;
}

export class CelAuthorizer {
  readonly decide: (question: AccessQuestion) => boolean;
  constructor(decide: (question: AccessQuestion) => boolean) {
    this.decide = decide;
  }
}

export class CelCheck {
  readonly authorizer: CelAuthorizer;
  readonly question: AccessQuestion;
  constructor(authorizer: CelAuthorizer, question: AccessQuestion) {
    this.authorizer = authorizer;
    this.question = question;
  }

  with(more: AccessQuestion): CelCheck {
    return new CelCheck(this.authorizer, { ...this.question, ...more });
  }
}

export class CelDecision {
  readonly allowed: boolean;
  constructor(check: CelCheck) {
    this.allowed = check.authorizer.decide(check.question);
  }
}

function registerAuthorizer(env: Environment): Environment {
  return env
    .registerType('Authorizer', CelAuthorizer)
    .registerType('Check', CelCheck)
    .registerType('Decision', CelDecision)
    .registerFunction('Authorizer.path(string): Check', (on: CelAuthorizer, path: string) => new CelCheck(on, { path }))
    .registerFunction(
      'Authorizer.group(string): Check',
      (on: CelAuthorizer, group: string) => new CelCheck(on, { group }),
    )
    .registerFunction('Check.resource(string): Check', (check: CelCheck, resource: string) => check.with({ resource }))
    .registerFunction('Check.subresource(string): Check', (check: CelCheck, subresource: string) =>
      check.with({ subresource }),
    )
    .registerFunction('Check.namespace(string): Check', (check: CelCheck, namespace: string) =>
      check.with({ namespace }),
    )
    .registerFunction('Check.name(string): Check', (check: CelCheck, name: string) => check.with({ name }))
    .registerFunction(
      'Check.check(string): Decision',
      (check: CelCheck, verb: string) => new CelDecision(check.with({ verb })),
    )
    .registerFunction('Decision.allowed(): bool', (decision: CelDecision) => decision.allowed)
    .registerFunction('Decision.reason(): string', () => '')
    .registerFunction('Decision.errored(): bool', () => false);
}

const environment = registerAuthorizer(createEnvironment())
  .registerVariable('object', 'dyn')
  .registerVariable('oldObject', 'dyn')
  .registerVariable('request', 'dyn')
  .registerVariable('params', 'dyn')
  .registerVariable('namespaceObject', 'dyn')
  .registerVariable('variables', 'dyn')
  .registerVariable('authorizer', 'Authorizer');

export type Expression = (context: Readonly<Record<string, unknown>>) => unknown;

const compiled = new Map<string, Expression>();

/** Throws when the expression doesn't parse or names what there is not. */
export function compileExpression(text: string): Expression {
  const known = compiled.get(text);
  if (known !== undefined) return known;
  const parsed = environment.parse(text);
  const checked = parsed.check();
  if (!checked.valid) throw checked.error ?? new Error(`${text} does not type-check`);
  const expression: Expression = (context) => parsed({ ...context });
  compiled.set(text, expression);
  return expression;
}
