import { createLocalExtractor } from '../../../app/extraction/local.js';
import { processorMs } from '../../support/processor-time.js';

const extract = async (content: string, role: 'user' | 'assistant' = 'user') =>
  (await createLocalExtractor().extract([{ role, content }])).facts;
const triples = async (content: string) =>
  (await extract(content)).map(({ subject, predicate, object }) => [subject, predicate, object]);

describe('the local rules', () => {
  it.each([
    ['My name is Ada.', 'is_named', 'Ada'],
    ["I'm allergic to peanuts!", 'is_allergic_to', 'peanuts'],
    ['I live in Oslo.', 'lives_in', 'Oslo'],
    ['I moved to Bergen', 'lives_in', 'Bergen'],
    ['I work at Acme Ltd', 'works_at', 'Acme Ltd'],
    ['I really love green tea', 'likes', 'green tea'],
    ["I don't like coffee", 'dislikes', 'coffee'],
    ['I prefer short answers', 'prefers', 'short answers'],
    ["I'm a teacher", 'is', 'a teacher'],
  ])('read %j', async (text, predicate, object) => {
    expect(await triples(text)).toEqual([['user', predicate, object]]);
  });

  it('read each of two statements in one sentence', async () => {
    expect(await triples('I prefer short explanations and I live in Lisbon, but my sister lives in Rome.')).toEqual([
      ['user', 'prefers', 'short explanations'],
      ['user', 'lives_in', 'Lisbon'],
      ["user's sister", 'lives_in', 'Rome'],
    ]);
    expect((await extract('I like tea and I like milk')).map(({ content }) => content)).toEqual([
      'I like tea.',
      'I like milk.',
    ]);
    expect(await triples('I like bread and butter, tea and my cat.')).toEqual([
      ['user', 'likes', 'bread and butter, tea and my cat'],
    ]);
  });

  it('leave out how somebody begins to speak, and that it is so now', async () => {
    expect(await triples('Hi, I live in Berlin. Actually, I live in Paris now!')).toEqual([
      ['user', 'lives_in', 'Berlin'],
      ['user', 'lives_in', 'Paris'],
    ]);
  });

  it('read what is said of others', async () => {
    expect(await triples('My little sister lives in Rome.')).toEqual([["user's little sister", 'lives_in', 'Rome']]);
    expect(await triples('My dog is called Rex. My dog is brown.')).toEqual([
      ["user's dog", 'is_named', 'Rex'],
      ["user's dog", 'is', 'brown'],
    ]);
  });

  it('keep what they are asked to keep, surer than what was only said', async () => {
    const [fact] = await extract('Please remember that the door code changes on Mondays.');
    expect(fact).toMatchObject({ content: 'the door code changes on Mondays.', confidence: 0.95 });
  });

  it('leave questions, small talk, repetitions and the assistant out', async () => {
    expect(await extract('Do I like tea? Hello! Thanks. What a day it was.')).toEqual([]);
    expect(await extract('I like tea', 'assistant')).toEqual([]);
    expect(await extract('I like tea. I like tea. i like tea')).toHaveLength(1);
  });

  it('read a hostile text of a million characters without stalling', async () => {
    const ms = await processorMs(async () => {
      for (const text of ['I am '.repeat(200_000), 'my '.repeat(300_000), '!'.repeat(1_000_000), 'a. '.repeat(300_000)])
        expect((await extract(text)).length).toBeLessThanOrEqual(100);
    });
    expect(ms).toBeLessThan(5_000);
  });

  it('number the message that a fact came from', async () => {
    const { facts } = await createLocalExtractor().extract([
      { role: 'assistant', content: 'Where do you live?' },
      { role: 'user', content: 'I live in Oslo.' },
    ]);
    expect(facts.map(({ message }) => message)).toEqual([1]);
  });
});
