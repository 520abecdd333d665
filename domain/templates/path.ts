import { Refusal } from './refusal.ts';

/** `A.B/c/d` and `x`, `y` → `A.B/c/x/d/y`. @throws Refusal when there are not as many names as types */
export function pathOf(type: string, names: readonly string[]): string {
  const [namespace = '', ...types] = type.split('/').filter((segment) => segment !== '');
  if (types.length === 0 || types.length !== names.length || names.includes('')) {
    const parts = `${types.length} ${types.length === 1 ? 'part' : 'parts'} after its namespace`;
    throw new Refusal('InvalidArgument', `A type of ${parts} takes as many names, and is given ${names.length}.`);
  }
  return [namespace, ...types.flatMap((one, index) => [one, names[index] ?? ''])].join('/');
}
