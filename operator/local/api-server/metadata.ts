import { type FieldError, forbiddenField, invalidField, requiredField } from './field-errors.js';
import { type DraftObject, type KubeObject, sameJson } from './objects.js';
import type { Resource, Strategy } from './resources/resource.js';

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const SERVICE = '[a-z]([-a-z0-9]*[a-z0-9])?';

interface NameForm {
  readonly pattern: RegExp;
  readonly limit: number;
  readonly text: string;
}

const FORMS: Readonly<Record<NonNullable<Strategy['nameForm']>, NameForm>> = {
  subdomain: {
    pattern: new RegExp(`^${SUBDOMAIN}$`),
    limit: 253,
    text: `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${SUBDOMAIN}')`,
  },
  label: {
    pattern: new RegExp(`^${LABEL}$`),
    limit: 63,
    text: `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '${LABEL}')`,
  },
  service: {
    pattern: new RegExp(`^${SERVICE}$`),
    limit: 63,
    text: `a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '${SERVICE}')`,
  },
  'path-segment': { pattern: /^(?!\.{1,2}$)[^/%]+$/, limit: 253, text: `may not contain '/' or '%'` },
};

function nameErrors(draft: DraftObject, resource: Resource): readonly FieldError[] {
  const { name = '' } = draft.metadata;
  if (name === '') return [requiredField('metadata.name', 'name or generateName is required')];
  const form = FORMS[resource.strategy.nameForm ?? 'subdomain'];
  const errors: FieldError[] = [];
  if (name.length > form.limit)
    errors.push(invalidField('metadata.name', name, `must be no more than ${form.limit} bytes`));
  if (!form.pattern.test(name)) errors.push(invalidField('metadata.name', name, form.text));
  return errors;
}

const QUALIFIED = /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const QUALIFIED_TEXT =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const VALUE_TEXT =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const ANNOTATION_BYTES = 256 * 1024;

function labelErrors(draft: DraftObject): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(draft.metadata.labels ?? {})) {
    if (!QUALIFIED.test(key)) errors.push(invalidField('metadata.labels', key, QUALIFIED_TEXT));
    if (value.length > 63) errors.push(invalidField('metadata.labels', value, 'must be no more than 63 bytes'));
    else if (!LABEL_VALUE.test(value)) errors.push(invalidField('metadata.labels', value, VALUE_TEXT));
  }
  let size = 0;
  for (const [key, value] of Object.entries(draft.metadata.annotations ?? {})) {
    size += key.length + value.length;
    if (!QUALIFIED.test(key.toLowerCase())) errors.push(invalidField('metadata.annotations', key, QUALIFIED_TEXT));
  }
  if (size > ANNOTATION_BYTES) {
    errors.push({
      reason: 'FieldValueTooLong',
      field: 'metadata.annotations',
      message: `Too long: may not be more than ${ANNOTATION_BYTES} bytes`,
    });
  }
  return errors;
}

function finalizerErrors(draft: DraftObject, live: KubeObject | undefined): readonly FieldError[] {
  const finalizers = draft.metadata.finalizers ?? [];
  const errors = finalizers
    .filter((finalizer) => !QUALIFIED.test(finalizer))
    .map((finalizer) => invalidField('metadata.finalizers', finalizer, QUALIFIED_TEXT));
  if (live?.metadata.deletionTimestamp === undefined) return errors;
  const added = finalizers.filter((finalizer) => live.metadata.finalizers?.includes(finalizer) !== true);
  if (added.length === 0) return errors;
  const names = added.map((finalizer) => JSON.stringify(finalizer)).join(', ');
  const text = `no new finalizers can be added if the object is being deleted, found new finalizers []string{${names}}`;
  return [...errors, forbiddenField('metadata.finalizers', text)];
}

function ownerErrors(draft: DraftObject): readonly FieldError[] {
  const owners = draft.metadata.ownerReferences ?? [];
  const errors: FieldError[] = [];
  owners.forEach((owner, index) => {
    for (const field of ['apiVersion', 'kind', 'name', 'uid'] as const) {
      if ((owner[field] ?? '') !== '') continue;
      errors.push(invalidField(`metadata.ownerReferences[${index}].${field}`, '', `${field} must not be empty`));
    }
  });
  const controllers = owners.filter((owner) => owner.controller === true);
  if (controllers.length > 1) {
    errors.push(invalidField('metadata.ownerReferences', owners, 'Only one reference can have Controller set to true'));
  }
  return errors;
}

/** Checked on create, and on update only where something changed: what was accepted once stays acceptable. */
export function metadataErrors(
  draft: DraftObject,
  live: KubeObject | undefined,
  resource: Resource,
): readonly FieldError[] {
  const same = (field: 'labels' | 'annotations' | 'finalizers' | 'ownerReferences'): boolean =>
    live !== undefined && sameJson(live.metadata[field], draft.metadata[field]);
  return [
    ...(live === undefined ? nameErrors(draft, resource) : []),
    ...(same('labels') && same('annotations') ? [] : labelErrors(draft)),
    ...(same('finalizers') ? [] : finalizerErrors(draft, live)),
    ...(same('ownerReferences') ? [] : ownerErrors(draft)),
  ];
}
