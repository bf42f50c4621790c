import type { Irreversible } from '../outputs.js';
import { KEYS } from '../proofs/key-paths.js';
import { at, type Json, listOf } from '../proofs/terraform-json.js';
import { actionOf, type PlannedChange } from './plan-json.js';

/** What no later apply takes back. */
export interface Step {
  readonly address: string;
  readonly what: string;
}

const first = (value: Json | undefined): Json | undefined => listOf(value)[0];

/** A lock that closes: what says so, in one state of the resource. */
const CLOSED: Readonly<Record<string, (values: Json | undefined) => string | undefined>> = {
  aws_s3_bucket_object_lock_configuration: (values) => {
    const retention = first(at(first(at(values, 'rule')), 'default_retention'));
    return at(retention, 'mode') === 'COMPLIANCE'
      ? `nobody shortens the ${String(at(retention, 'days'))} days of an object, root included`
      : undefined;
  },
  aws_backup_vault_lock_configuration: (values) =>
    typeof at(values, 'changeable_for_days') === 'number'
      ? `the lock of the backup vault is final after ${String(at(values, 'changeable_for_days'))} days`
      : undefined,
  google_storage_bucket: (values) => {
    const policy = first(at(values, 'retention_policy'));
    return at(policy, 'is_locked') === true
      ? `the retention of ${days(at(policy, 'retention_period'))} is locked: it can be lengthened only`
      : undefined;
  },
  google_logging_project_bucket_config: (values) =>
    at(values, 'locked') === true ? 'the log bucket is locked: its retention cannot change' : undefined,
  google_kms_key_ring: () => 'a key ring is never deleted, and its name never free again',
  azurerm_storage_account: (values) => {
    const policy = first(at(values, 'immutability_policy'));
    return at(policy, 'state') === 'Locked'
      ? `the retention of ${String(at(policy, 'period_since_creation_in_days'))} days is locked: it can be lengthened only`
      : undefined;
  },
  azurerm_key_vault: (values) =>
    at(values, 'purge_protection_enabled') === true
      ? 'purge protection stays on, and the name is taken until the vault is purged by time'
      : undefined,
};

const days = (seconds: Json | undefined): string => `${Math.round(Number(seconds ?? 0) / 86_400)} days`;

/** In this order: what would be lost, which locks would close, which promises would begin. */
export function irreversibleSteps(
  changes: readonly PlannedChange[],
  promised: readonly Irreversible[],
  stateful: ReadonlySet<string>,
): readonly Step[] {
  const begun = new Map(promised.map(({ address, what }) => [address, what]));
  const closing = changes.flatMap(closingOf);
  const isTold = (step: Step): boolean =>
    closing.some(({ address, what }) => address === step.address && what === step.what);
  return [
    ...changes.flatMap((one) => lossOf(one, stateful)),
    ...closing,
    ...changes.flatMap((one): readonly Step[] => {
      const what = begun.get(one.address);
      const step = what !== undefined && actionOf(one) === 'add' ? { address: one.address, what } : undefined;
      return step === undefined || isTold(step) ? [] : [step];
    }),
  ];
}

function lossOf(one: PlannedChange, stateful: ReadonlySet<string>): readonly Step[] {
  const action = actionOf(one);
  if ((action !== 'destroy' && action !== 'replace') || !stateful.has(one.type)) return [];
  const what = KEYS.test(one.type) ? 'the key would go, and with it all data under it' : 'the data in it would go';
  return [{ address: one.address, what }];
}

function closingOf(one: PlannedChange): readonly Step[] {
  const { before, after } = one.change;
  const said = CLOSED[one.type];
  if (said === undefined || after === null) return [];
  const now = said(after);
  const was = before === null || actionOf(one) === 'replace' ? undefined : said(before);
  return now === undefined || now === was ? [] : [{ address: one.address, what: now }];
}
