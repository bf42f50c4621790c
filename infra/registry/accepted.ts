import type { Accepted } from '../support/accepted.js';

export const accepted: readonly Accepted[] = [
  {
    check: 'CKV_AZURE_164',
    on: /^registry_images$/,
    because: 'images are pinned by digest; content trust of the registry has been retired',
  },
  {
    check: 'CKV_AZURE_165',
    on: /^registry_images$/,
    because: 'a second region pulls from its own registry, which its own environment makes',
  },
  {
    check: 'CKV_AZURE_166',
    on: /^registry_images$/,
    because: "quarantine needs a scanner of the user's that releases images",
  },
  {
    check: 'CKV_AZURE_237',
    on: /^registry_images$/,
    because: 'the registry is reached by its private endpoint only, which has data endpoints of its own',
  },
];
