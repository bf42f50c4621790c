import type { FieldError } from '../field-errors.js';
import type { DraftObject, KubeObject } from '../objects.js';
import type { Schema } from '../schema/schema.js';

export interface PrinterColumn {
  readonly name: string;
  readonly type: string;
  readonly format?: string;
  readonly description?: string;
  readonly jsonPath: string;
  readonly priority?: number;
}

export interface ScalePaths {
  readonly specReplicasPath: string;
  readonly statusReplicasPath: string;
  readonly labelSelectorPath?: string;
}

/** What a kind does beyond its schema. A draft is the request's own: it may be changed in place, the live object never. */
export interface Strategy {
  /** Fills constants, like the schema's defaults of a custom kind. Filling what is full changes nothing. */
  readonly defaults?: (draft: DraftObject) => void;
  readonly prepareCreate?: (draft: DraftObject) => void;
  readonly prepareUpdate?: (draft: DraftObject, live: KubeObject) => void;
  readonly validate?: (draft: DraftObject, live: KubeObject | undefined) => readonly FieldError[];
  /** The name's form. @default a DNS subdomain */
  readonly nameForm?: 'subdomain' | 'label' | 'service' | 'path-segment';
  /** Whether a change outside metadata and status makes a new generation. */
  readonly generation?: boolean;
  /** DELETE answers with the object even when it is gone at once. */
  readonly answersDeleted?: boolean;
  /** Taken when deletion is asked for: something must happen first. */
  readonly deletionFinalizer?: string;
  readonly defaultPropagation?: 'Orphan' | 'Background';
}

/** A kind as one version serves it. */
export interface Resource {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly listKind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  /** Objects of all versions of a kind are stored in one place. */
  readonly storage: string;
  readonly schema: Schema;
  readonly status: boolean;
  readonly scale: ScalePaths | undefined;
  /** Subresources beside `status` and `scale`, each with its own handler. */
  readonly others: readonly string[];
  readonly strategy: Strategy;
  /** Of a custom kind: its definition's columns; `undefined` marks a built-in kind. */
  readonly columns: readonly PrinterColumn[] | undefined;
  /** Review kinds are answered, not stored. */
  readonly virtual: boolean;
}

export const isCustom = (resource: Resource): boolean => resource.columns !== undefined;

export const storageOf = (group: string, plural: string): string => `${group}/${plural}`;
