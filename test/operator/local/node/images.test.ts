import { imageRepository, resolveImage } from '../../../../operator/local/node/images.js';

describe('the image table', () => {
  it.each([
    ['memplane/memplane:1.4.0', 'memplane/memplane'],
    ['memplane/memplane', 'memplane/memplane'],
    ['docker.io/library/redis:7', 'redis'],
    ['registry.example.com:5000/team/app:2@sha256:0123', 'registry.example.com:5000/team/app'],
    ['registry.example.com:5000/team/app', 'registry.example.com:5000/team/app'],
  ])('reads %s as repository %s', (image, repository) => {
    expect(imageRepository(image)).toBe(repository);
  });

  it('finds the command of an image, whatever its tag', () => {
    expect(resolveImage({ 'a/b': ['run'] }, 'a/b:9')).toEqual({ argv: ['run'] });
    expect(resolveImage({ 'a/b': { argv: ['run'], workingDir: '/x' } }, 'a/b')).toEqual({
      argv: ['run'],
      workingDir: '/x',
    });
  });

  it('names what it has when it lacks one', () => {
    expect(() => resolveImage({ 'b/b': ['run'], 'a/a': ['run'] }, 'c/c:1')).toThrow(
      'image "c/c:1" has no local command on this node: use one of a/a, b/b',
    );
  });
});
