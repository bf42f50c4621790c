import { randomUUID } from 'node:crypto';
import { uuidBytes } from '../../../app/sealing/place.js';

describe('the bytes of a UUID', () => {
  it('are its digits, whatever their case', () => {
    for (let n = 0; n < 200; n++) {
      const id = randomUUID();
      expect(uuidBytes(id).toString('hex')).toBe(id.replaceAll('-', ''));
      expect(uuidBytes(id.toUpperCase())).toEqual(uuidBytes(id));
    }
  });

  it.each([
    ['', 'nothing'],
    ['01a1fd23b337700081678 6e2fd89db78', 'no dashes'],
    ['01a1fd23-b337-7000-8167-86e2fd89db7', 'a digit less'],
    ['01a1fd23-b337-7000-8167-86e2fd89db789', 'a digit more'],
    ['01a1fd23-b337-7000-8167-86e2fd89dbg8', 'a letter that is no digit'],
    ['01a1fd23-b337-7000-8167-86e2fd89db\u0131\u0130', 'letters of another script'],
    ['01a1fd2-3b337-7000-8167-86e2fd89db78', 'a dash elsewhere'],
    ['01a1fd23_b337-7000-8167-86e2fd89db78', 'another sign for a dash'],
  ])('are not had of %j: %s', (text) => {
    expect(() => uuidBytes(text, 'id')).toThrow(/id/);
  });
});
