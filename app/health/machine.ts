import { statfs } from 'node:fs/promises';
import { availableParallelism, loadavg } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import type { ComponentState } from './component-state.js';

const MEGABYTE = 1_048_576;
/** Above it the collector takes most of the time, and soon the process ends. */
const FULL_HEAP = 0.9;
const FULL_DISK = 0.9;

export const observeMemory = (): ComponentState => {
  const { heap_size_limit: limit } = getHeapStatistics();
  const { rss, heapUsed } = process.memoryUsage();
  const share = heapUsed / limit;
  return {
    status: share > FULL_HEAP ? 'degraded' : 'ok',
    detail: `${Math.round(rss / MEGABYTE)} MB in use, ${Math.round(share * 100)} % of the heap's limit`,
  };
};

/** Told, never a fault of ours: whoever shares the machine makes its load, and the autoscaler reads it elsewhere. */
export const observeProcessor = (): ComponentState => {
  const [lastMinute = 0] = loadavg();
  return { status: 'ok', detail: `load ${lastMinute.toFixed(2)} on ${availableParallelism()} processors` };
};

/** Where what may be lost is written; the data themselves lie elsewhere. */
export const observeDisk = async (directory: string): Promise<ComponentState> => {
  try {
    const { blocks, bavail } = await statfs(directory);
    const used = blocks === 0 ? 0 : 1 - bavail / blocks;
    return {
      status: used > FULL_DISK ? 'degraded' : 'ok',
      detail: `${Math.round(used * 100)} % of ${directory} in use`,
    };
  } catch {
    return { status: 'degraded', detail: `${directory} cannot be read` };
  }
};
