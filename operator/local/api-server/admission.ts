import { type AccessQuestion, CelAuthorizer, compileExpression } from './admission-expressions.js';
import { summaryOf } from './cel/rules.js';
import { toCel } from './cel/values.js';
import { ApiError, forbidden, notFound } from './errors.js';
import { type Dict, type DraftObject, dictAt, dictsAt, type KubeObject, stringAt, stringsAt } from './objects.js';
import type { Authorizer } from './rbac.js';
import { storageOf } from './resources/resource.js';
import { isDryRun, type ResourceRequest } from './rest/request.js';
import { matchesLabels, parseSelectorObject } from './rest/selectors.js';
import { subjectOf } from './rest/subject.js';
import type { Storage } from './storage.js';

const GROUP = 'admissionregistration.k8s.io';
const POLICIES = storageOf(GROUP, 'validatingadmissionpolicies');
const BINDINGS = storageOf(GROUP, 'validatingadmissionpolicybindings');
const NAMESPACES = '/namespaces';

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE';

interface Bound {
  readonly policy: KubeObject;
  readonly binding: KubeObject;
}

interface Review {
  readonly request: ResourceRequest;
  readonly operation: Operation;
  readonly object: KubeObject | undefined;
  readonly old: KubeObject | undefined;
}

/** What stands between a valid object and the storage: the life of its namespace, and the cluster's policies. */
export class Admission {
  readonly #storage: Storage;
  readonly #authorizer: Authorizer;
  #bound: readonly Bound[] | undefined;

  constructor(storage: Storage, authorizer: Authorizer) {
    this.#storage = storage;
    this.#authorizer = authorizer;
    storage.subscribe((resource) => {
      if (resource === POLICIES || resource === BINDINGS) this.#bound = undefined;
    });
  }

  /** Nothing is created in a namespace that isn't there, or is going. */
  checkNamespace({ resource, namespace }: ResourceRequest, draft: DraftObject): void {
    if (!resource.namespaced) return;
    const found = this.#storage.get(NAMESPACES, '', namespace);
    if (found === undefined) throw notFound({ group: '', resource: 'namespaces', name: namespace });
    if (found.metadata.deletionTimestamp === undefined) return;
    const because = `unable to create new content in namespace ${namespace} because it is being terminated`;
    const error = forbidden(subjectOf(resource, draft.metadata.name), because);
    const causes = [
      {
        reason: 'NamespaceTerminating',
        message: `namespace ${namespace} is being terminated`,
        field: 'metadata.namespace',
      },
    ];
    throw new ApiError(error.code, error.reason, error.message, { ...error.details, causes });
  }

  validate(
    request: ResourceRequest,
    operation: Operation,
    object: KubeObject | undefined,
    old: KubeObject | undefined,
  ): void {
    const bound = this.#policies();
    if (bound.length === 0 || request.resource.group === GROUP) return;
    const review: Review = { request, operation, object, old };
    const failures = bound.flatMap((one) => this.#evaluate(one, review));
    for (const { binding, policy, message } of failures) {
      if (stringsAt(binding, 'spec', 'validationActions').includes('Warn')) {
        request.warnings.push(
          `Validation failed for ValidatingAdmissionPolicy '${policy.metadata.name}' with binding '${binding.metadata.name}': ${message}`,
        );
      }
    }
    const denied = failures.find(({ binding }) => stringsAt(binding, 'spec', 'validationActions').includes('Deny'));
    if (denied !== undefined) throw denial(review, denied);
  }

  #policies(): readonly Bound[] {
    this.#bound ??= this.#storage
      .collection(BINDINGS)
      .list()
      .flatMap(({ object: binding }) => {
        const policy = this.#storage.get(POLICIES, '', stringAt(binding, 'spec', 'policyName') ?? '');
        return policy === undefined ? [] : [{ policy, binding }];
      });
    return this.#bound;
  }

  #evaluate({ policy, binding }: Bound, review: Review): readonly Failure[] {
    const constraints = dictAt(policy, 'spec', 'matchConstraints');
    const narrower = dictAt(binding, 'spec', 'matchResources');
    if (!this.#matches(constraints, review) || (narrower !== undefined && !this.#matches(narrower, review))) return [];
    const context = this.#context(policy, review);
    try {
      const applies = dictsAt(policy, 'spec', 'matchConditions').every(
        (condition) => compileExpression(stringAt(condition, 'expression') ?? '')(context) === true,
      );
      if (!applies) return [];
    } catch (cause) {
      return failureOf(policy, binding, `expression failed: ${summaryOf(cause)}`);
    }
    return dictsAt(policy, 'spec', 'validations').flatMap((validation) => judge(policy, binding, validation, context));
  }

  #context(policy: KubeObject, review: Review): Dict {
    const { request, operation, object, old } = review;
    const { schema } = request.resource;
    const context: Record<string, unknown> = {
      object: object === undefined ? null : toCel(object, schema),
      oldObject: old === undefined ? null : toCel(old, schema),
      request: toCel(describeRequest(request, operation, object ?? old), undefined),
      params: null,
      namespaceObject: this.#namespaceObject(request),
      authorizer: new CelAuthorizer((question) => this.#ask(request, question)),
    };
    context.variables = lazyVariables(dictsAt(policy, 'spec', 'variables'), context);
    return context;
  }

  #namespaceObject({ resource, namespace }: ResourceRequest): unknown {
    const found = resource.namespaced ? this.#storage.get(NAMESPACES, '', namespace) : undefined;
    return found === undefined ? null : toCel(found, undefined);
  }

  #ask({ user }: ResourceRequest, question: AccessQuestion): boolean {
    const { verb = '', group = '', resource = '', subresource = '', namespace = '', name = '', path = '' } = question;
    return this.#authorizer.allows({ user, verb, group, resource, subresource, namespace, name, path });
  }

  #matches(constraints: Dict | undefined, review: Review): boolean {
    if (constraints === undefined) return false;
    const rules = dictsAt(constraints, 'resourceRules');
    const excluded = dictsAt(constraints, 'excludeResourceRules');
    if (rules.length > 0 && !rules.some((rule) => matchesRule(rule, review))) return false;
    if (excluded.some((rule) => matchesRule(rule, review))) return false;
    return this.#matchesNamespace(constraints, review) && matchesObject(constraints, review);
  }

  #matchesNamespace(constraints: Dict, { request, object, old }: Review): boolean {
    const requirements = parseSelectorObject(dictAt(constraints, 'namespaceSelector') ?? {});
    if (requirements.length === 0) return true;
    const { resource, namespace } = request;
    if (resource.storage === NAMESPACES) return matchesLabels(requirements, (object ?? old)?.metadata.labels);
    if (!resource.namespaced) return true;
    return matchesLabels(requirements, this.#storage.get(NAMESPACES, '', namespace)?.metadata.labels);
  }
}

function matchesObject(constraints: Dict, { object, old }: Review): boolean {
  const requirements = parseSelectorObject(dictAt(constraints, 'objectSelector') ?? {});
  return (
    requirements.length === 0 ||
    [object, old].some((one) => one !== undefined && matchesLabels(requirements, one.metadata.labels))
  );
}

const has = (list: readonly string[], wanted: string): boolean => list.includes('*') || list.includes(wanted);

function matchesRule(rule: Dict, { request, operation }: Review): boolean {
  const { resource, subresource, name } = request;
  const resources = stringsAt(rule, 'resources');
  const full = subresource === '' ? resource.plural : `${resource.plural}/${subresource}`;
  const scope = stringAt(rule, 'scope') ?? '*';
  const names = stringsAt(rule, 'resourceNames');
  return (
    has(stringsAt(rule, 'operations'), operation) &&
    has(stringsAt(rule, 'apiGroups'), resource.group) &&
    has(stringsAt(rule, 'apiVersions'), resource.version) &&
    (resources.includes(full) || resources.includes('*/*') || (subresource === '' && resources.includes('*'))) &&
    (scope === '*' || (scope === 'Namespaced') === resource.namespaced) &&
    (names.length === 0 || names.includes(name))
  );
}

function describeRequest(request: ResourceRequest, operation: Operation, object: KubeObject | undefined): Dict {
  const { resource, subresource, user, namespace } = request;
  const { group, version, kind, plural } = resource;
  return {
    uid: object?.metadata.uid ?? '',
    kind: { group, version, kind },
    resource: { group, version, resource: plural },
    subResource: subresource,
    requestKind: { group, version, kind },
    requestResource: { group, version, resource: plural },
    name: object?.metadata.name ?? request.name,
    namespace,
    operation,
    userInfo: { username: user.name, uid: user.uid, groups: user.groups, extra: user.extra },
    dryRun: isDryRun(request),
  };
}

/** A variable is worked out when it is asked for, once; it may use those before it. */
function lazyVariables(definitions: readonly Dict[], context: Dict): Dict {
  const variables: Record<string, unknown> = {};
  for (const definition of definitions) {
    const name = stringAt(definition, 'name') ?? '';
    let known: { readonly value: unknown } | undefined;
    Object.defineProperty(variables, name, {
      enumerable: true,
      get: () => {
        known ??= { value: compileExpression(stringAt(definition, 'expression') ?? '')(context) };
        return known.value;
      },
    });
  }
  return variables;
}

interface Failure {
  readonly policy: KubeObject;
  readonly binding: KubeObject;
  readonly message: string;
  readonly reason: string;
}

/** An expression that can't be evaluated refuses, unless the policy says to ignore it. */
function failureOf(policy: KubeObject, binding: KubeObject, message: string): readonly Failure[] {
  return stringAt(policy, 'spec', 'failurePolicy') === 'Ignore'
    ? []
    : [{ policy, binding, message, reason: 'Invalid' }];
}

function judge(policy: KubeObject, binding: KubeObject, validation: Dict, context: Dict): readonly Failure[] {
  const expression = stringAt(validation, 'expression') ?? '';
  try {
    if (compileExpression(expression)(context) === true) return [];
  } catch (cause) {
    return failureOf(policy, binding, `expression '${expression}' resulted in error: ${summaryOf(cause)}`);
  }
  const message = messageOf(validation, context) ?? `failed expression: ${expression.trim()}`;
  return [{ policy, binding, message, reason: stringAt(validation, 'reason') ?? 'Invalid' }];
}

function messageOf(validation: Dict, context: Dict): string | undefined {
  const fixed = stringAt(validation, 'message');
  const expression = stringAt(validation, 'messageExpression');
  if (expression === undefined) return fixed;
  try {
    const message = compileExpression(expression)(context);
    return typeof message === 'string' && message.trim() !== '' ? message : fixed;
  } catch {
    return fixed;
  }
}

const CODES: Readonly<Record<string, number>> = {
  Unauthorized: 401,
  Forbidden: 403,
  Invalid: 422,
  RequestEntityTooLarge: 413,
};

function denial({ request, object, old }: Review, { policy, binding, message, reason }: Failure): ApiError {
  const { resource } = request;
  const name = (object ?? old)?.metadata.name ?? request.name;
  const because = `ValidatingAdmissionPolicy '${policy.metadata.name}' with binding '${binding.metadata.name}' denied request: ${message}`;
  const { message: text } = forbidden(subjectOf(resource, name), because);
  return new ApiError(CODES[reason] ?? 422, reason, text, {
    name,
    ...(resource.group === '' ? {} : { group: resource.group }),
    kind: resource.plural,
    causes: [{ message: because }],
  });
}
