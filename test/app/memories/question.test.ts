import { divideStatement } from '../../../app/memories/question.js';

type Statement = readonly [string, string, string];
const contradict = (one: Statement, other: Statement): boolean => {
  const [a, b] = [divideStatement(...one), divideStatement(...other)];
  return JSON.stringify(a.question) === JSON.stringify(b.question) && a.answer !== b.answer;
};

describe('two statements about the same', () => {
  it.each<[Statement, Statement]>([
    [
      ['user', 'lives_in', 'berlin'],
      ['user', 'lives_in', 'paris'],
    ],
    [
      ['user', 'is_named', 'ada'],
      ['user', 'is_named', 'eve'],
    ],
    [
      ['user', 'likes', 'tea'],
      ['user', 'dislikes', 'tea'],
    ],
    [
      ['ada', 'hates', 'tea'],
      ['ada', 'loves', 'tea'],
    ],
    [
      ["user's favourite colour", 'is', 'red'],
      ["user's favourite colour", 'is', 'blue'],
    ],
    [
      ['the door', 'is', 'open'],
      ['the door', 'is', 'shut'],
    ],
    [
      ['ada', 'reports to', 'bob'],
      ['ada', 'reports to', 'eve'],
    ],
  ])('contradict each other: %j and %j', (one, other) => {
    expect(contradict(one, other)).toBe(true);
    expect(contradict(one, one)).toBe(false);
  });

  it.each<[Statement, Statement]>([
    [
      ['user', 'likes', 'tea'],
      ['user', 'likes', 'coffee'],
    ],
    [
      ['user', 'likes', 'tea'],
      ['user', 'dislikes', 'coffee'],
    ],
    [
      ['user', 'likes', 'tea'],
      ['user', 'loves', 'tea'],
    ],
    [
      ['user', 'has', 'a cat'],
      ['user', 'has', 'a dog'],
    ],
    [
      ['user', 'is allergic to', 'nuts'],
      ['user', 'is allergic to', 'milk'],
    ],
    [
      ['user', 'speaks', 'german'],
      ['user', 'speaks', 'french'],
    ],
    [
      ['user', 'is', 'tired'],
      ['user', 'is', 'a nurse'],
    ],
    [
      ["user's dog", 'is', 'brown'],
      ["user's dog", 'is', 'old'],
    ],
    [
      ['user', 'lives_in', 'berlin'],
      ['ada', 'lives_in', 'paris'],
    ],
  ])('are both true: %j and %j', (one, other) => {
    expect(contradict(one, other)).toBe(false);
  });
});
