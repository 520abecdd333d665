import { isObject, type Json } from './json.ts';

/**
 * RFC 7396: what a value becomes by a patch, in which null takes a member away and a list is replaced as a whole. Our own:
 * the package for it stops in silence at a member named `constructor`, and fails on one named `hasOwnProperty`.
 */
export function mergePatch(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const members = new Map(isObject(target) ? Object.entries(target) : []);
  for (const [name, change] of Object.entries(patch)) {
    if (change === null) members.delete(name);
    else members.set(name, mergePatch(members.get(name), change));
  }
  return Object.fromEntries(members);
}
