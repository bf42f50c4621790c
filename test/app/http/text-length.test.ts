import { Ajv } from 'ajv';
import { addTextLengths } from '../../../app/http/text-length.js';

const LOOSE = { strict: false } as const;
const UNITS = ['a', 'é', '漢', '😀', '👩‍👩‍👧', '\ud83d', '\ude00'];
const texts = [
  '',
  ...UNITS,
  ...UNITS.flatMap((one) => UNITS.flatMap((two) => [one + two, one.repeat(3) + two, two + one.repeat(6)])),
];

test('a text is as long as JSON Schema says, by ajv’s own count, whatever it is made of', () => {
  const [own, other] = [addTextLengths(new Ajv(LOOSE)), new Ajv(LOOSE)];
  for (let limit = 0; limit < 10; limit++) {
    for (const schema of [{ minLength: limit }, { maxLength: limit }]) {
      const [mine, theirs] = [own.compile(schema), other.compile(schema)];
      for (const text of texts) {
        expect([text, mine(text), mine.errors]).toEqual([text, theirs(text), theirs.errors]);
      }
    }
  }
});

test('what is no text is left to others', () => {
  expect(addTextLengths(new Ajv(LOOSE)).compile({ minLength: 3, maxLength: 2 })(7)).toBe(true);
});
