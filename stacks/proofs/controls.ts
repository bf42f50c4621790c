/** What a rule is about. An auditor asks by control, so each topic names those that it is evidence for. */
export type Topic = 'atRest' | 'inTransit' | 'keys' | 'access' | 'worm' | 'recovery' | 'network' | 'records' | 'change';

/** SOC 2 (2017 criteria), HIPAA (45 CFR), GDPR, CIS Controls v8, NIST SP 800-53 rev. 5. */
export const CONTROLS: Readonly<Record<Topic, readonly string[]>> = {
  atRest: ['SOC2:CC6.1', 'HIPAA:164.312(a)(2)(iv)', 'GDPR:32(1)(a)', 'CIS8:3.11', 'NIST:SC-28'],
  inTransit: ['SOC2:CC6.7', 'HIPAA:164.312(e)(1)', 'GDPR:32(1)(a)', 'CIS8:3.10', 'NIST:SC-8'],
  keys: ['SOC2:CC6.1', 'HIPAA:164.312(a)(2)(iv)', 'GDPR:32(1)(a)', 'CIS8:3.11', 'NIST:SC-12'],
  access: ['SOC2:CC6.3', 'HIPAA:164.312(a)(1)', 'GDPR:32(1)(b)', 'CIS8:3.3', 'NIST:AC-6'],
  worm: ['SOC2:CC7.3', 'HIPAA:164.312(c)(1)', 'GDPR:5(1)(f)', 'CIS8:8.10', 'NIST:AU-9'],
  recovery: ['SOC2:A1.2', 'HIPAA:164.308(a)(7)(ii)(A)', 'GDPR:32(1)(c)', 'CIS8:11.2', 'NIST:CP-9'],
  network: ['SOC2:CC6.6', 'HIPAA:164.312(e)(1)', 'GDPR:32(1)(b)', 'CIS8:12.2', 'NIST:SC-7'],
  records: ['SOC2:CC7.2', 'HIPAA:164.312(b)', 'GDPR:32(1)(d)', 'CIS8:8.2', 'NIST:AU-12'],
  change: ['SOC2:CC8.1', 'HIPAA:164.308(a)(8)', 'GDPR:32(1)(d)', 'CIS8:4.1', 'NIST:CM-3'],
};
