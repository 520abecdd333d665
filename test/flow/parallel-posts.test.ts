/** A share of `npm run torture -- posts`. */
import { expect, it } from 'vitest';
import { resultOf, runPosts } from '../torture/posts.ts';

it('has one operation at work in an environment at any moment, in the order of acceptance, however many call', async () => {
  const report = await runPosts({ posts: 40, rounds: 1, environments: 2, say: () => undefined });
  expect(report.violations, resultOf(report)).toEqual([]);
});
