import { listed } from '../graph.js';
import { at, numberAt, textAt } from '../rest.js';
import { findOn, type Reader, type Readers, reading } from './reading.js';

type Json = Readonly<Record<string, unknown>>;

const each = (value: unknown, path: string): readonly Json[] => (at(value, path) ?? []) as readonly Json[];
const texts = (values: readonly Json[], path: string): string | undefined =>
  listed(values.flatMap((one) => (at(one, path) ?? []) as readonly string[]));

/** `projects/<p>/alertPolicies#<what it is called>`: all of them are listed, page by page. */
const readAlarm: Reader = async (rest, name, signal) => {
  const [path, called] = name.split('#');
  const url = `https://monitoring.googleapis.com/v3/${path}?pageSize=500`;
  const found = await findOn(rest, url, 'alertPolicies', signal, (one) => one.displayName === called);
  return found === undefined ? undefined : factsOfAlarm(found);
};

/** `projects/<p>/notificationChannels#<what it is called>` */
const readPeople: Reader = async (rest, name, signal) => {
  const [path, called] = name.split('#');
  const url = `https://monitoring.googleapis.com/v3/${path}?pageSize=500`;
  const found = await findOn(rest, url, 'notificationChannels', signal, (one) => one.displayName === called);
  if (found === undefined) return undefined;
  return { on: at(found, 'enabled') !== false, by: textAt(found, 'type'), whom: textAt(found, 'labels.email_address') };
};

const factsOfAlarm = (alarm: Json) => ({
  on: at(alarm, 'enabled') !== false,
  tells: each(alarm, 'notificationChannels').length,
  thresholds: listed(
    each(alarm, 'conditions').map((one) => {
      const value = numberAt(one, 'conditionThreshold.thresholdValue');
      return value === undefined ? undefined : String(value);
    }),
  ),
});

export const WATCH: Readers = {
  alarm: readAlarm,
  people: readPeople,
  metric: reading(
    (name) => `https://logging.googleapis.com/v2/${name}`,
    (metric) => ({ on: at(metric, 'disabled') !== true, counts: textAt(metric, 'filter') }),
  ),
  sink: reading(
    (name) => `https://logging.googleapis.com/v2/${name}`,
    (sink) => ({ on: at(sink, 'disabled') !== true, what: textAt(sink, 'filter') }),
  ),
  denial: reading(
    (name) => `https://iam.googleapis.com/v2/${name}`,
    (policy) => {
      const rules = each(policy, 'rules');
      return {
        denied: texts(rules, 'denyRule.deniedPermissions'),
        whom: texts(rules, 'denyRule.deniedPrincipals'),
        except: texts(rules, 'denyRule.exceptionPrincipals'),
      };
    },
  ),
  admission: reading(
    (name) => `https://binaryauthorization.googleapis.com/v1/${name}`,
    (policy) => ({
      'by default': textAt(policy, 'defaultAdmissionRule.evaluationMode'),
      refused: textAt(policy, 'defaultAdmissionRule.enforcementMode'),
      'of Google': textAt(policy, 'globalPolicyEvaluationMode'),
      'lets in': listed(each(policy, 'admissionWhitelistPatterns').map((one) => textAt(one, 'namePattern'))),
    }),
  ),
  bound: reading(
    (name) => `https://orgpolicy.googleapis.com/v2/${name}`,
    (policy) => ({ enforced: each(policy, 'spec.rules').some((rule) => at(rule, 'enforce') === true) }),
  ),
};
