import type { Deployment } from 'kubernetes-types/apps/v1.js';
import type { Container, PodSpec } from 'kubernetes-types/core/v1.js';
import type { K8sObject } from '../../charts/manifests/object.js';

export const identityOf = ({ kind, metadata: { name } }: K8sObject): string => `${kind} ${name}`;

/** The only object of a kind (and name), with the type that the test knows it has. */
export function only<T = Readonly<Record<string, never>>>(
  objects: readonly K8sObject[],
  kind: string,
  name?: string,
): T {
  const found = objects.filter(
    (object) => object.kind === kind && (name === undefined || object.metadata.name === name),
  );
  if (found.length !== 1) throw new Error(`${found.length} objects are ${kind} ${name ?? ''}, not one`);
  return found[0] as unknown as T;
}

export function podOf(objects: readonly K8sObject[]): PodSpec & { readonly containers: readonly Container[] } {
  const { spec } = only<Deployment>(objects, 'Deployment');
  if (spec?.template.spec === undefined) throw new Error('the Deployment has no pod');
  return spec.template.spec;
}

/** Every object within, itself first. */
export function* walk(value: unknown): Generator<Readonly<Record<string, unknown>>> {
  if (Array.isArray(value)) for (const part of value) yield* walk(part);
  else if (typeof value === 'object' && value !== null) {
    yield value as Readonly<Record<string, unknown>>;
    for (const part of Object.values(value)) yield* walk(part);
  }
}

const CREDENTIAL = /(PASS|SECRET|TOKEN|CREDENTIAL|API_?KEY|BOOTSTRAP_KEY|DATABASE_URL)/i;

/** Places where something that is secret by its name stands in clear instead of being referred to. */
export const literalSecrets = (objects: readonly K8sObject[]): readonly string[] =>
  objects.flatMap((object) => [
    ...(object.kind === 'Secret' ? [identityOf(object)] : []),
    ...[...walk(object)].flatMap((part) =>
      typeof part.name === 'string' && typeof part.value === 'string' && CREDENTIAL.test(part.name) ? [part.name] : [],
    ),
    ...(object.kind === 'ConfigMap' ? Object.keys(object.data as object).filter((key) => CREDENTIAL.test(key)) : []),
  ]);
