import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { runIn } from './testing.ts';

test('bash completes commands, what is below them, and their options', async () => {
  const { out } = await runIn({}, ['completion', 'bash']);
  const complete = (...words: string[]) => {
    const list = words.map((word) => `'${word}'`).join(' ');
    const script = `${out}\nCOMP_WORDS=(${list}); COMP_CWORD=${words.length - 1}; _crosswalk; echo "\${COMPREPLY[*]}"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
    expect(stderr).toBe('');
    return stdout.trim().split(' ');
  };
  expect(complete('crosswalk', 'or')).toEqual(['orgs']);
  expect(complete('crosswalk', 'orgs', 'up')).toEqual(['update', 'upsert']);
  expect(complete('crosswalk', 'orgs', 'update', 'org_1', '--set-')).toEqual(['--set-external-id']);
});

test('zsh and fish have a completion too; another shell is a wrong call', async () => {
  expect((await runIn({}, ['completion', 'zsh'])).out).toContain('bashcompinit');
  expect((await runIn({}, ['completion', 'fish'])).out).toMatch(
    /complete -c crosswalk -n '__crosswalk_at \\'orgs get\\'' -l external-id -d '.+'/,
  );
  expect((await runIn({}, ['completion', 'tcsh'])).status).toBe(2);
});

test('every command that acts has --json', async () => {
  const nodes: { path: string; words: { word: string }[] }[] = JSON.parse((await runIn({}, ['completion', 'bash', '--json'])).out);
  const acting = nodes.filter(({ path, words }) => path !== '' && path !== 'serve' && words.every(({ word }) => word.startsWith('--')));
  expect(acting.length).toBeGreaterThan(40);
  for (const { path, words } of acting) expect([path, words.map(({ word }) => word)]).toEqual([path, expect.arrayContaining(['--json'])]);
});
