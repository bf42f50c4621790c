import { Running } from '../../../../operator/local/stack/running.js';

describe('what has been started', () => {
  it('is stopped in reverse order, each part although another one fails', async () => {
    const running = new Running(undefined);
    const stopped: string[] = [];
    for (const name of ['first', 'second', 'third'])
      await running.add(name, (one) => {
        stopped.push(one);
        if (one === 'second') throw new Error('does not want to');
      });
    await expect(running.stop()).rejects.toThrow('not everything stopped as it should');
    expect(stopped).toEqual(['third', 'second', 'first']);
    await running.stop();
    expect(stopped).toHaveLength(3);
  });

  it('is stopped also when it came up after the interruption', async () => {
    const controller = new AbortController();
    const running = new Running(controller.signal);
    const stopped: string[] = [];
    const started = new Promise<string>((resolve) =>
      controller.signal.addEventListener('abort', () => resolve('late')),
    );
    const added = running.add(started, (one) => stopped.push(one));
    controller.abort(new Error('enough'));
    await expect(added).rejects.toThrow('enough');
    await running.stop();
    expect(stopped).toEqual(['late']);
  });
});
