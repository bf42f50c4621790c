import type { IncomingHttpHeaders } from 'node:http';
import type { Static, TObject, TSchema } from '@sinclair/typebox';
import type { Permission, Principal } from '../access/principal.js';
import type { Step } from '../db/flight.js';
import type { Queryable } from '../db/pool.js';
import type { Maybe } from './maybe.js';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface ApiResponse {
  readonly status: number;
  readonly body?: unknown;
  /** The body as JSON, for who has it written out already. */
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** In place of a body: written as it comes, until it ends or the client goes. Names its Content-Type. */
  readonly stream?: (signal: AbortSignal) => AsyncIterable<string | Uint8Array>;
}

/** Keeps the answer for a repetition of the request, in the transaction of its effect, sealed for the slot it is about. */
export interface Remember {
  (db: Queryable, slot: number, answer: ApiResponse): Promise<void>;
  /** The same as statements that travel with others: each fails where the request has lost its claim. */
  steps(slot: number, answer: ApiResponse): readonly Step[];
}

export interface ApiRequest<Q, B> {
  readonly principal: Principal;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Q;
  readonly body: B;
  readonly headers: IncomingHttpHeaders;
  readonly remember: Remember;
}

/** One operation of the API as data: the router, the checks, the document /openapi.json and the metrics all read it. */
export interface Route {
  readonly method: Method;
  /** OpenAPI notation: `/api/v1/memories/{id}`. */
  readonly path: string;
  /** Of the path's parameters those that are any text; its handler checks them. @default none: each is a UUID */
  readonly textParams?: readonly string[];
  readonly operation: string;
  /** Answered before Express, whose chain would cost more than the work: for what is called all the time. @default false */
  readonly hot?: boolean;
  readonly summary: string;
  /** `any`: whoever is authenticated. */
  readonly permission: Permission | 'any';
  /** Writes are refused while the tenant is read-only. */
  readonly writes: boolean;
  readonly query?: TObject;
  readonly body?: TSchema;
  /** `handler` when the handler checks each item of the body itself, to answer item by item. @default schema */
  readonly bodyChecked?: 'schema' | 'handler';
  /** The media types of a body that its handler reads itself, as bytes, in place of `body`. @default none */
  readonly rawBody?: readonly string[];
  /** The headers by which a caller names the version that the request is about; its handler reads them. @default none */
  readonly conditions?: readonly ('If-Match' | 'If-None-Match')[];
  /** What an Idempotency-Key does; a route that reads, or that may be repeated, ignores it. @default ignored */
  readonly idempotencyKey?: 'honoured' | 'refused';
  /** Query parameters that may come more than once; their values arrive joined by commas. @default none */
  readonly repeatable?: readonly string[];
  /** Its errors come in the form of the dialect of this name. @default problem documents */
  readonly dialect?: string;
  /** The switch in `spec.features` that turns it off; then it answers 501. @default none: it is always there */
  readonly flag?: string;
  /** It answers from one row, and with 409 when that was changed behind the service. @default false */
  readonly ofRow?: boolean;
  /** Answers 501 to a wish that is known and cannot be granted here. @default false */
  readonly optional?: boolean;
  readonly responses: Readonly<Record<number, TSchema>>;
  handle(request: ApiRequest<unknown, unknown>): Maybe<ApiResponse>;
}

interface RouteDefinition<Q extends TObject, B extends TSchema> extends Omit<Route, 'handle' | 'query' | 'body'> {
  readonly query?: Q;
  readonly body?: B;
  handle(request: ApiRequest<Static<Q>, Static<B>>): Maybe<ApiResponse>;
}

/** Ties the handler's types to the schemas that its input has been checked against. */
export const defineRoute = <Q extends TObject, B extends TSchema>(definition: RouteDefinition<Q, B>): Route =>
  definition as unknown as Route;
