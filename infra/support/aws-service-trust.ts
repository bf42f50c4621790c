import type { AwsSite } from './site.js';

/** Who may take a role: one service of AWS, and only on behalf of our account, so that nobody else's resource uses it. */
export const buildServiceTrust = ({ accountId }: Pick<AwsSite, 'accountId'>, service: string): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: service },
        Action: 'sts:AssumeRole',
        Condition: { StringEquals: { 'aws:SourceAccount': accountId } },
      },
    ],
  });
