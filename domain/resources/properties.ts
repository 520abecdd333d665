/**
 * The properties of a resource on their way in. Read-only ones are the platform's, whatever is sent, and are kept apart from
 * these; what is secret is taken out; the rest is judged by the version's schema. So no secret is stored, and none is shown:
 * who reads a resource and writes it back sends none, and one that is left out stays. Null takes it away.
 */
import type { FieldProblem } from '../errors.ts';
import { placeOf, pointerTo, valueAt, withValue, without, type Json, type JsonObject, type Place } from './json.ts';
import { isOn, pathsOf, placesAt, type Path } from './marks.ts';
import { mergePatch } from './merge-patch.ts';
import type { ApiVersion } from './type.ts';
import { compileSchema, type Validator } from './validator.ts';

export type Written =
  | { kind: 'refused'; problems: FieldProblem[] }
  | {
      kind: 'written';
      model: JsonObject;
      /** By JSON pointer; what is no text, as JSON. */
      newSecrets: Map<string, string>;
      keptSecrets: string[];
    };

export interface CompiledVersion extends ApiVersion {
  validate: Validator;
  readOnly: Path[];
  sensitive: Path[];
}

export function compileVersion(version: ApiVersion): CompiledVersion {
  const { schema } = version;
  const [readOnly, sensitive] = [pathsOf(schema, 'readOnly'), pathsOf(schema, 'x-radius-sensitive')];
  return { ...version, validate: compileSchema(schema), readOnly, sensitive };
}

/**
 * What is stored when this is to be the whole.
 *
 * @param held JSON pointers to the secrets that there are already
 */
export function write(version: CompiledVersion, wanted: JsonObject, held: readonly string[] = []): Written {
  const { readOnly, sensitive, toModel, validate } = version;
  const open = [...placesAt(wanted, readOnly), ...nullsAt(wanted, sensitive)].reduce(without, wanted);
  const keptSecrets = held.filter((pointer) => isKept(placeOf(pointer), wanted, open));
  const { value, problems } = validate(open, {
    at: '/properties',
    isExempt: (place) => isOn(place, readOnly) || keptSecrets.includes(pointerTo(place)),
  });
  if (problems.length > 0) return { kind: 'refused', problems };
  const secret = placesAt(value, sensitive);
  const newSecrets = new Map(secret.map((place) => [pointerTo(place), asText(valueAt(value, place))]));
  return { kind: 'written', model: toModel(secret.reduce(without, value)), newSecrets, keptSecrets };
}

/** What to write for a patch (RFC 7396) of what this version shows of `model`. */
export function patched({ fromModel, sensitive }: CompiledVersion, patch: JsonObject, model: JsonObject): JsonObject {
  const merged = mergePatch(fromModel(model), patch) as JsonObject;
  // Of a secret, which is not shown, nothing was there to be taken away.
  return nullsAt(patch, sensitive).reduce((value, place) => withValue(value, place, null), merged);
}

/** Where nothing is said of it, and what it stands in is still there. */
function isKept(place: Place, wanted: JsonObject, open: JsonObject): boolean {
  return valueAt(wanted, place) === undefined && valueAt(open, place.slice(0, -1)) !== undefined;
}

function nullsAt(value: JsonObject, paths: Path[]): Place[] {
  return placesAt(value, paths).filter((place) => valueAt(value, place) === null);
}

function asText(value: Json | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
