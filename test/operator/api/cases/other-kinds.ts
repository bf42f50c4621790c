import { namespaced, object, type RuleCase } from './case.js';

const hold = (...tenantNames: readonly string[]) =>
  object('MemoryHold', { tenantNames, caseID: '4711', reason: 'litigation' });
const binding = (fields: Readonly<Record<string, unknown>> = {}) =>
  namespaced('MemoryBinding', { tenantName: 'acme', role: 'service', secretName: 'memory', ...fields });
const restore = (spec: Readonly<Record<string, unknown>>) => namespaced('MemoryRestore', spec);

export const otherKindCases: readonly RuleCase[] = [
  {
    rule: 'a hold grows',
    accepted: { before: hold('acme'), manifest: hold('beta', 'acme') },
    refused: {
      before: hold('acme', 'beta'),
      manifest: hold('acme', 'gamma'),
      field: 'spec.tenantNames',
      message: /tenantNames loses a name: a hold only grows; keep every name; to release tenants delete the MemoryHold/,
    },
  },
  {
    rule: 'a hold holds somebody',
    accepted: { manifest: hold('acme') },
    refused: { manifest: hold(), field: 'spec.tenantNames', message: /at least 1 items/ },
  },
  {
    rule: 'a hold names tenants by their names',
    accepted: { manifest: hold('a'.repeat(50)) },
    refused: { manifest: hold('Acme'), field: 'spec.tenantNames[0]', message: /should match/ },
  },
  {
    rule: 'a hold without a spec is none',
    accepted: { manifest: object('MemoryHold', { tenantNames: ['acme'] }) },
    refused: { manifest: object('MemoryHold'), field: 'spec', message: /required/i },
  },
  {
    rule: 'a binding does not change',
    accepted: { before: binding(), manifest: binding() },
    refused: {
      before: binding(),
      manifest: binding({ role: 'admin' }),
      field: 'spec',
      message: /the spec of a MemoryBinding cannot change; make another MemoryBinding/,
    },
  },
  {
    rule: 'a binding says where the key goes',
    accepted: { manifest: binding({ role: 'auditor' }) },
    refused: { manifest: binding({ secretName: 'Memory!' }), field: 'spec.secretName', message: /should match/ },
  },
  {
    rule: 'a backup does not change',
    accepted: {
      before: namespaced('MemoryBackup', { reason: 'before the upgrade' }),
      manifest: namespaced('MemoryBackup', { reason: 'before the upgrade', deletionPolicy: 'Retain' }),
    },
    refused: {
      before: namespaced('MemoryBackup', { reason: 'before the upgrade' }),
      manifest: namespaced('MemoryBackup', { reason: 'after it' }),
      field: 'spec',
      message: /the spec of a MemoryBackup cannot change/,
    },
  },
  {
    rule: 'a backup cannot be changed by leaving its spec out',
    accepted: { before: namespaced('MemoryBackup'), manifest: namespaced('MemoryBackup', {}) },
    refused: {
      before: namespaced('MemoryBackup', { allowRestoreTo: ['staging'] }),
      manifest: namespaced('MemoryBackup'),
      field: 'spec',
      message: /the spec of a MemoryBackup cannot change/,
    },
  },
  {
    rule: 'a restore does not change',
    accepted: {
      before: restore({ backupName: 'last' }),
      status: { startTime: '2030-01-31T02:00:00Z' },
      manifest: restore({ backupName: 'last', mode: 'Aside' }),
    },
    refused: {
      before: restore({ backupName: 'last' }),
      manifest: restore({ backupName: 'last', mode: 'InPlace' }),
      field: 'spec',
      message: /the spec of a MemoryRestore cannot change/,
    },
  },
  {
    rule: 'a restore has one source',
    accepted: { manifest: restore({ pointInTime: '2030-01-31T02:00:00Z', mode: 'InPlace' }) },
    refused: {
      manifest: restore({ pointInTime: '2030-01-31T02:00:00Z', backupName: 'last' }),
      field: 'spec',
      message: /exactly one of backupName, manifestURI and pointInTime/,
    },
  },
  {
    rule: 'a restore has a source',
    accepted: { manifest: restore({ manifestURI: 's3://backups/mem-acme/manifest.json' }) },
    refused: {
      manifest: restore({ verifyOnly: true }),
      field: 'spec',
      message: /exactly one of backupName, manifestURI and pointInTime/,
    },
  },
];
