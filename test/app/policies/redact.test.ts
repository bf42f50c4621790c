import { REDACTION_KINDS, type RedactionKind, redactJson } from '../../../app/policies/redact.js';
import { processorMs } from '../../support/processor-time.js';

const redact = (text: string): string => redactJson(text, REDACTION_KINDS, new Map<RedactionKind, number>());

describe('redaction', () => {
  it.each([
    ['an address of mail', 'write to ada.l+x@mail.example.co.uk today', 'write to [email] today'],
    ['a card', 'pay with 4111-1111-1111-1111 or 378282246310005.', 'pay with [card] or [card].'],
    ['a telephone number', 'call +49 30 901820 or (555) 123-4567', 'call [phone] or [phone]'],
    ['a key of ours', `use mb_${'a'.repeat(43)} now`, 'use [secret] now'],
    ['a password', 'the password: hunter22 works', 'the [secret] works'],
    ['a password as people say it', 'my password is hunter2!', 'my [secret]'],
    ['a key as people say it', 'The API key is 9f8e7d6c5b4a', 'The [secret]'],
    ['a token of GitHub', `github_pat_${'a1'.repeat(20)} leaked`, '[secret] leaked'],
    ['a token of Slack', 'xoxb-123456789012-abcdefghijkl', '[secret]'],
    ['a token', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlLXRleHQ', '[secret]'],
  ])('takes out %s', (_, text, expected) => {
    expect(redact(text)).toBe(expected);
  });

  it.each([
    ['a number that is no card', 'order 1234567890123456 was late'],
    ['an id', 'see 01a1fd23-b337-7000-8167-86e2fd89db78'],
    ['a date', 'on 2024-02-29 at 12:30:00'],
    ['a version', 'release 1.33.4 of 10.0.0.1'],
    ['talk of passwords', 'the password policy is strict'],
    ['what is said of a password', 'the password is required, the token is 4096 bytes long'],
  ])('leaves %s', (_, text) => {
    expect(redact(text)).toBe(text);
  });

  it('takes milliseconds for a hostile text', async () => {
    const ms = await processorMs(() => {
      for (const part of [
        'a@',
        '1 ',
        '+1 ',
        'password:',
        'password is ',
        'api key is a1',
        'eyJ',
        '-----BEGIN PRIVATE KEY-----',
        'a.',
      ])
        redact(part.repeat(100_000 / part.length));
    });
    expect(ms).toBeLessThan(5_000);
  });
});
