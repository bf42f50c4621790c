import { writeFileSync } from 'node:fs';
import { buildReference } from './proofs/reference.js';

writeFileSync('docs/reference/proofs.md', buildReference());
