/**
 * The properties of a resource on their way in and out. In: read-only ones are the platform's, whatever is sent; what is
 * secret is taken out; the rest is judged by the version's schema. Out: what is stored has no secret, so none is shown.
 * Who reads a resource and writes it back thus sends no secrets: one that is left out stays, and null takes it away.
 */
import type { FieldProblem } from '../errors.ts';
import { placeOf, pointerTo, valueAt, withValue, without, type Json, type JsonObject, type Place } from './json.ts';
import { isOn, pathsOf, placesAt, type Path } from './marks.ts';
import { mergePatch } from './merge-patch.ts';
import type { ApiVersion } from './type.ts';
import { compileSchema, type Validator } from './validator.ts';

/** What there is of a resource already. */
export interface Held {
  model: JsonObject;
  /** JSON pointers to its secrets. */
  secrets: string[];
}

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

/** Replaces the whole. @param held null for a resource that is new */
export function write(version: CompiledVersion, wanted: JsonObject, held: Held | null): Written {
  const { readOnly, sensitive, toModel, validate } = version;
  const open = [...placesAt(wanted, readOnly), ...nullsAt(wanted, sensitive)].reduce(without, wanted);
  const shown = held ? version.fromModel(held.model) : {};
  const whole = placesAt(shown, readOnly).reduce((value, place) => copy(shown, value, place), open);
  const keptSecrets = held ? keptOf(held, wanted, whole) : [];
  const { value, problems } = validate(whole, {
    at: '/properties',
    isExempt: (place) => isOn(place, readOnly) || keptSecrets.includes(pointerTo(place)),
  });
  if (problems.length > 0) return { kind: 'refused', problems };
  const secret = placesAt(value, sensitive);
  const newSecrets = new Map(secret.map((place) => [pointerTo(place), asText(valueAt(value, place))]));
  return { kind: 'written', model: toModel(secret.reduce(without, value)), newSecrets, keptSecrets };
}

/** What to write for a patch (RFC 7396) of what this version shows. */
export function patched({ fromModel, sensitive }: CompiledVersion, patch: JsonObject, { model }: Held): JsonObject {
  const merged = mergePatch(fromModel(model), patch) as JsonObject;
  // Of a secret, which is not shown, nothing was there to be taken away.
  return nullsAt(patch, sensitive).reduce((value, place) => withValue(value, place, null), merged);
}

/** Those that nothing is said of, where what they stand in is still there. */
function keptOf({ secrets }: Held, wanted: JsonObject, whole: JsonObject): string[] {
  return secrets.filter((pointer) => {
    const place = placeOf(pointer);
    return valueAt(wanted, place) === undefined && valueAt(whole, place.slice(0, -1)) !== undefined;
  });
}

function nullsAt(value: JsonObject, paths: Path[]): Place[] {
  return placesAt(value, paths).filter((place) => valueAt(value, place) === null);
}

function copy(from: JsonObject, to: JsonObject, place: Place): JsonObject {
  return withValue(to, place, valueAt(from, place) ?? null);
}

function asText(value: Json | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
