import { type Static, Type } from '@sinclair/typebox';
import type { Caller, MemoryServiceDeps } from '../memories/service.js';
import { VISIBLE, viewerValues } from '../memories/store.js';
import { formatTime } from '../memories/time.js';
import { TRUSTED } from '../memories/trust.js';
import { resolveViewerOfOne } from '../memories/viewer.js';

/** A claim below this is a guess that whoever made it would not stand by. */
const LOW_CONFIDENCE = 0.3;

const Share = { count: Type.Integer(), rate: Type.Number({ description: 'of the active memories' }) };
export const QualitySchema = Type.Object({
  active: Type.Integer({ description: 'memories that a search can find; every rate is a share of them' }),
  junk: Type.Object(
    { ...Share, duplicates: Type.Integer(), low_confidence: Type.Integer() },
    { description: 'repetitions of an older active memory of the same owner, and claims below a confidence of 0.3' },
  ),
  contradictions: Type.Object(Share, { description: 'memories that another active one of the same owner contradicts' }),
  untrusted: Type.Object(Share, { description: 'memories of a trust below 0.5' }),
  quarantine: Type.Object(
    { count: Type.Integer(), rate: Type.Number({ description: 'of the active and the quarantined together' }) },
    { description: 'memories that wait for a review' },
  ),
  vectors: Type.Object({
    model: Type.String(),
    coverage: Type.Number({ description: 'share of the active memories with a vector of this model' }),
    current: Type.Integer(),
    other_models: Type.Integer({ description: 'what POST /api/v1/reembed would bring over' }),
    pending: Type.Integer(),
    failed: Type.Integer(),
    skipped: Type.Integer(),
  }),
  at: Type.String(),
});
export type Quality = Static<typeof QualitySchema>;

interface Counts {
  readonly active: number;
  readonly quarantined: number;
  readonly duplicates: number;
  readonly low_confidence: number;
  readonly junk: number;
  readonly contradicted: number;
  readonly untrusted: number;
  readonly current: number;
  readonly other_models: number;
  readonly pending: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Of what the caller may see: a person's own world, or the whole tenant. An empty one has no faults. */
export const measureQuality = async (deps: MemoryServiceDeps, caller: Caller): Promise<Quality> => {
  const viewer = await resolveViewerOfOne(deps.db, deps.people, caller.principal, caller.headers);
  const { model } = deps.embedder;
  const { rows } = await deps.db.query<Counts>(COUNTS, [...viewerValues(viewer), model, LOW_CONFIDENCE, TRUSTED]);
  const counts = rows[0] as Counts;
  const { active, quarantined, duplicates, low_confidence, current, other_models, pending, failed, skipped } = counts;
  const share = (count: number, of = active): number => (of === 0 ? 0 : Number((count / of).toFixed(4)));
  return {
    active,
    junk: { count: counts.junk, rate: share(counts.junk), duplicates, low_confidence },
    contradictions: { count: counts.contradicted, rate: share(counts.contradicted) },
    untrusted: { count: counts.untrusted, rate: share(counts.untrusted) },
    quarantine: { count: quarantined, rate: share(quarantined, active + quarantined) },
    vectors: { model, coverage: active === 0 ? 1 : share(current), current, other_models, pending, failed, skipped },
    at: formatTime(new Date()),
  };
};

/** Trust and confidence are single precision: compared as such, or 0.5 would be below 0.5. */
const COUNTS = `
  WITH seen AS (
    SELECT id, status, confidence, trust_score, contradictions, vector_status,
      status = 0 AND (expires_at IS NULL OR expires_at > now()) AS active,
      row_number() OVER (PARTITION BY content_hash, scope, user_ref, team_ref, organization_ref,
        status = 0 AND (expires_at IS NULL OR expires_at > now()) ORDER BY created_at, id) AS nth
    FROM memories WHERE ${VISIBLE}
  ), judged AS (
    SELECT seen.*, model, nth > 1 AS duplicate, confidence < $7::real AS low
    FROM seen LEFT JOIN vectors ON memory_id = seen.id
  )
  SELECT count(*) FILTER (WHERE active) AS active,
    count(*) FILTER (WHERE status = 1) AS quarantined,
    count(*) FILTER (WHERE active AND duplicate) AS duplicates,
    count(*) FILTER (WHERE active AND low) AS low_confidence,
    count(*) FILTER (WHERE active AND (duplicate OR low)) AS junk,
    count(*) FILTER (WHERE active AND contradictions > 0) AS contradicted,
    count(*) FILTER (WHERE active AND trust_score < $8::real) AS untrusted,
    count(*) FILTER (WHERE active AND model = $6) AS current,
    count(*) FILTER (WHERE active AND model <> $6) AS other_models,
    count(*) FILTER (WHERE active AND vector_status = 0) AS pending,
    count(*) FILTER (WHERE active AND vector_status = 2) AS failed,
    count(*) FILTER (WHERE active AND vector_status = 3) AS skipped
  FROM judged`;
