import { flag, group, optional, percent } from '../field.js';
import { duration } from '../time.js';
import { resources, scaling } from '../workload.js';

const memory = group(
  'The memory API: what applications talk to.',
  { scaling: optional(scaling('memory')), resources: optional(resources('memory')) },
  { defaulted: true },
);

const knowledge = group(
  'The knowledge service: curated, versioned items.',
  {
    enabled: flag('Run it.', { default: true }),
    scaling: optional(scaling('knowledge')),
    resources: optional(resources('knowledge')),
  },
  { defaulted: true, acts: false },
);

const sync = group(
  'Promotes memories into knowledge and summaries back into memory.',
  {
    enabled: flag('Run it. It needs services.knowledge.enabled.', { default: true }),
    interval: duration('services.sync.interval', 'How often it looks.', { default: '60s' }),
    promotionThresholdPercent: percent('Confidence from which a memory is promoted.', { default: 80 }),
    summaryOnly: flag('Knowledge goes back into memory as a summary, never in full.', { default: true }),
    resources: optional(resources('sync')),
  },
  { defaulted: true, acts: false },
);

const worker = group(
  'Background work: vector writes, cleanup, forgetting, compression.',
  { scaling: optional(scaling('worker')), resources: optional(resources('worker')) },
  { defaulted: true, acts: false },
);

export const services = group(
  'The services of the tenant, their number and their size.',
  { memory, knowledge, sync, worker },
  {
    defaulted: true,
    rules: [
      {
        rule: '!self.sync.enabled || self.knowledge.enabled',
        message: 'services.sync.enabled is true while services.knowledge.enabled is false',
        remedy: 'enable services.knowledge or set services.sync.enabled to false',
        fieldPath: '.sync.enabled',
      },
    ],
  },
);
