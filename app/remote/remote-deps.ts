import type { Core } from '../core.js';
import type { ComponentState } from '../health/component-state.js';
import type { MemoryProvider } from './provider.js';

/** What serving memories from elsewhere stands on: the provider, and all of ours that stays in front of it. */
export interface RemoteDeps extends Pick<Core, 'db' | 'vault' | 'people' | 'policies' | 'audit' | 'metrics' | 'newId'> {
  readonly provider: MemoryProvider;
  readonly state: () => ComponentState;
}
