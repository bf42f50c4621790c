import { randomUUID } from 'node:crypto';
import { type FieldError, invalidField } from '../field-errors.js';
import { type DraftObject, dictAt, isDict, type KubeObject, type MutableDict, sameJson, stringAt } from '../objects.js';
import { matchesLabels, parseSelectorObject } from '../rest/selectors.js';
import { fill, isEmpty, objectIn, optionalIn } from './drafts.js';
import { fillPodSpec } from './pod-defaults.js';
import { podSpecErrors } from './pod-validation.js';
import type { Strategy } from './resource.js';

const specOf = (draft: DraftObject): MutableDict => objectIn(draft, 'spec');

function fillTemplate(spec: MutableDict): void {
  const template = optionalIn(spec, 'template');
  if (template !== undefined) fillPodSpec(objectIn(template, 'spec'));
}

const resetStatus = (draft: DraftObject): void => {
  draft.status = {};
};

export const immutable = (path: string, value: unknown): FieldError => invalidField(path, value, 'field is immutable');

function templateErrors(draft: DraftObject, live: KubeObject | undefined): readonly FieldError[] {
  const errors = [...podSpecErrors(dictAt(draft, 'spec', 'template', 'spec'), 'spec.template.spec', ['Always'])];
  const selector = dictAt(draft, 'spec', 'selector');
  const labels = dictAt(draft, 'spec', 'template', 'metadata', 'labels') ?? {};
  if (selector !== undefined && isEmpty(selector)) {
    errors.push(invalidField('spec.selector', selector, 'empty selector is invalid for deployment'));
  } else if (selector !== undefined && !matchesLabels(parseSelectorObject(selector), labels)) {
    errors.push(invalidField('spec.template.metadata.labels', labels, '`selector` does not match template `labels`'));
  }
  if (live !== undefined && !sameJson(dictAt(live, 'spec', 'selector'), selector)) {
    errors.push(immutable('spec.selector', selector));
  }
  return errors;
}

function fillDeployment(draft: DraftObject): void {
  const spec = specOf(draft);
  fill(spec, { replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 });
  const strategy = objectIn(spec, 'strategy');
  fill(strategy, { type: 'RollingUpdate' });
  if (strategy.type === 'RollingUpdate') {
    fill(objectIn(strategy, 'rollingUpdate'), { maxUnavailable: '25%', maxSurge: '25%' });
  }
  fillTemplate(spec);
}

export const deployments: Strategy = {
  generation: true,
  defaults: fillDeployment,
  prepareCreate: resetStatus,
  validate: templateErrors,
};

export const replicaSets: Strategy = {
  generation: true,
  defaults(draft) {
    fill(specOf(draft), { replicas: 1 });
    fillTemplate(specOf(draft));
  },
  prepareCreate(draft) {
    draft.status = { replicas: 0 };
  },
  validate: templateErrors,
};

export const statefulSets: Strategy = {
  generation: true,
  defaults(draft) {
    const spec = specOf(draft);
    fill(spec, { replicas: 1, revisionHistoryLimit: 10, podManagementPolicy: 'OrderedReady', serviceName: '' });
    fill(objectIn(spec, 'persistentVolumeClaimRetentionPolicy'), { whenDeleted: 'Retain', whenScaled: 'Retain' });
    const strategy = objectIn(spec, 'updateStrategy');
    fill(strategy, { type: 'RollingUpdate' });
    if (strategy.type === 'RollingUpdate') fill(objectIn(strategy, 'rollingUpdate'), { partition: 0 });
    fillTemplate(spec);
  },
  prepareCreate(draft) {
    draft.status = { replicas: 0, availableReplicas: 0 };
  },
  validate: templateErrors,
};

export const daemonSets: Strategy = {
  generation: true,
  defaults(draft) {
    const spec = specOf(draft);
    fill(spec, { revisionHistoryLimit: 10 });
    const strategy = objectIn(spec, 'updateStrategy');
    fill(strategy, { type: 'RollingUpdate' });
    if (strategy.type === 'RollingUpdate')
      fill(objectIn(strategy, 'rollingUpdate'), { maxUnavailable: 1, maxSurge: 0 });
    fillTemplate(spec);
  },
  prepareCreate: resetStatus,
  validate: templateErrors,
};

function fillJobSpec(spec: MutableDict): void {
  if (spec.completions === undefined && spec.parallelism === undefined) fill(spec, { completions: 1 });
  fill(spec, {
    parallelism: 1,
    backoffLimit: 6,
    completionMode: 'NonIndexed',
    suspend: false,
    podReplacementPolicy: 'TerminatingOrFailed',
  });
  fillTemplate(spec);
}

/** A job finds its pods by its own uid, so the server writes the selector and the labels. */
function prepareJob(draft: DraftObject): void {
  resetStatus(draft);
  const spec = specOf(draft);
  fill(spec, { manualSelector: false });
  if (spec.manualSelector === true) return;
  draft.metadata.uid ??= randomUUID();
  const labels = objectIn(objectIn(objectIn(spec, 'template'), 'metadata'), 'labels');
  const own = { 'controller-uid': draft.metadata.uid, 'job-name': draft.metadata.name };
  for (const [name, value] of Object.entries(own)) {
    labels[name] = value;
    labels[`batch.kubernetes.io/${name}`] = value;
  }
  spec.selector = { matchLabels: { 'batch.kubernetes.io/controller-uid': draft.metadata.uid } };
}

function jobErrors(draft: DraftObject, live: KubeObject | undefined): readonly FieldError[] {
  const restart = ['OnFailure', 'Never'];
  const errors = [...podSpecErrors(dictAt(draft, 'spec', 'template', 'spec'), 'spec.template.spec', restart)];
  if (live === undefined) return errors;
  for (const field of ['template', 'selector']) {
    const before = dictAt(live, 'spec', field);
    const after = dictAt(draft, 'spec', field);
    if (!sameJson(before, after)) errors.push(immutable(`spec.${field}`, after));
  }
  return errors;
}

export const jobs: Strategy = {
  generation: true,
  defaultPropagation: 'Orphan',
  defaults(draft) {
    fillJobSpec(specOf(draft));
    const labels = dictAt(draft, 'spec', 'template', 'metadata', 'labels');
    if (isEmpty(draft.metadata.labels) && labels !== undefined) {
      draft.metadata.labels = { ...(labels as Readonly<Record<string, string>>) };
    }
  },
  prepareCreate: prepareJob,
  validate: jobErrors,
};

const CRON_FIELDS = 5;

export const cronJobs: Strategy = {
  generation: true,
  defaults(draft) {
    const spec = specOf(draft);
    fill(spec, {
      concurrencyPolicy: 'Allow',
      suspend: false,
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 1,
    });
    const template = optionalIn(spec, 'jobTemplate');
    const job = template === undefined ? undefined : optionalIn(template, 'spec');
    if (job !== undefined) fillTemplate(job);
  },
  prepareCreate: resetStatus,
  validate(draft) {
    const schedule = stringAt(draft, 'spec', 'schedule') ?? '';
    const pod = dictAt(draft, 'spec', 'jobTemplate', 'spec', 'template', 'spec');
    const errors = [...podSpecErrors(pod, 'spec.jobTemplate.spec.template.spec', ['OnFailure', 'Never'])];
    const fields = schedule.trim().split(/\s+/).length;
    if (!schedule.startsWith('@') && fields !== CRON_FIELDS) {
      errors.push(
        invalidField(
          'spec.schedule',
          schedule,
          `expected exactly ${CRON_FIELDS} fields, found ${fields}: [${schedule}]`,
        ),
      );
    }
    return errors;
  },
};

/** A scale target's replica count, when it has one. */
export const replicasOf = (object: KubeObject): number => {
  const spec = object.spec;
  return isDict(spec) && typeof spec.replicas === 'number' ? spec.replicas : 0;
};
