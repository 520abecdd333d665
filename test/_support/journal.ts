/** Releases of workloads that write down their starts, and what they wrote. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ImageStore } from '../../local/supervisor/images/image-store.ts';
import type { Component } from './operator.ts';

const IMAGE = 'acr.azurecr.io/journal:1.0.0';

/** Puts the image into the store of a platform with this home. @param reference another name for it */
export async function importJournalImage(home: string, reference = IMAGE): Promise<void> {
  mkdirSync(join(home, 'starts'), { recursive: true });
  await new ImageStore(join(home, 'images')).importImage({
    reference,
    source: join(import.meta.dirname, 'images', 'journal'),
    config: { entrypoint: ['node', 'server.mjs'], env: {} },
  });
}

export const serviceIdOf = (at: number) => `svc-${String(at).padStart(2, '0')}`;

export interface ReleaseOptions {
  /** Of the home where starts are written down. */
  home: string;
  environmentId: string;
  /** Components. */
  count: number;
  /** Each round's replicas are other ones than those of every other round. */
  round: number;
  /** The last component never gets healthy, and begins when all the others have taken over. */
  isSick?: boolean;
}

export function release({ home, environmentId, count, round, isSick = false }: ReleaseOptions): Component[] {
  const ids = Array.from({ length: count }, (_, at) => serviceIdOf(at));
  return ids.map((moduleId, at) => {
    const isLast = at === count - 1;
    const env = {
      JOURNAL: journalOf(home, environmentId),
      ROUND: String(round),
      ...(isSick && isLast && { SICK: '1' }),
    };
    const dependsOn = isSick && isLast ? ids.slice(0, -1) : [];
    return { moduleId, image: IMAGE, target: 'aks', replicas: 1, env, dependsOn };
  });
}

/** From now on the replicas of this round take every request and answer none, until that is ended. */
export function hangRound({ home, environmentId, round }: Pick<ReleaseOptions, 'home' | 'environmentId' | 'round'>) {
  const file = `${journalOf(home, environmentId)}.hung-${round}`;
  writeFileSync(file, '');
  return { end: () => rmSync(file) };
}

/** How often each instance (`<service>-<revision>-<ordinal>`) was started, as the started processes have written it. */
export function startsOf(home: string, environmentId: string): Map<string, number> {
  const file = journalOf(home, environmentId);
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
  const counts = new Map<string, number>();
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
  return counts;
}

const journalOf = (home: string, environmentId: string) => join(home, 'starts', environmentId);
