/** Values by a schema: everything that is wrong with one at once, and where; what it leaves out and has a default is set. */
import { Ajv, type ErrorObject, type Options } from 'ajv';
import addFormats, { type FormatName } from 'ajv-formats';
import { RE2JS } from 're2js';
import type { FieldProblem } from '../errors.ts';
import { placeOf, pointerTo, type Json, type Place } from './json.ts';

/** Those that a schema may name. */
export const FORMATS = [
  'date',
  'date-time',
  'time',
  'duration',
  'uri',
  'email',
  'hostname',
  'ipv4',
  'ipv6',
  'uuid',
  'byte',
  'int32',
  'int64',
  'float',
  'double',
  'password',
] as const satisfies FormatName[];

/** A pattern is a tenant's: with JavaScript's own engine one line of it could hold a process for years. */
const linear = Object.assign(
  (pattern: string) => {
    const compiled = RE2JS.compile(pattern);
    // Patterns are told apart by their text.
    return { test: (text: string) => compiled.matcher(text).find(), toString: () => pattern };
  },
  // Asked for only where validators are written to files.
  { code: '' },
);

const OPTIONS: Options = {
  allErrors: true,
  useDefaults: true,
  // `constructor` is a name like any other.
  ownProperties: true,
  // What a schema may be is judged by rules of our own (`schema-rules.ts`).
  strict: false,
  code: { regExp: linear },
};

export interface Validated<T> {
  /** With its defaults. */
  value: T;
  problems: FieldProblem[];
}

export interface ValidateOptions {
  /** What stands before every pointer: where the value is in the body. */
  at: string;
  /** Whether something need not be there although the schema asks for it. @default nothing */
  isExempt?(place: Place): boolean;
}

export type Validator = <T extends Json>(value: T, options: ValidateOptions) => Validated<T>;

const ajv = new Ajv(OPTIONS);
addFormats.default(ajv, [...FORMATS]);

/** @param schema one that the rules have found good: of any other this may throw */
export function compileSchema(schema: object): Validator {
  const validate = ajv.compile(schema);
  // It would be kept for as long as the process lives.
  ajv.removeSchema(schema);
  return (given, { at, isExempt = () => false }) => {
    const value = structuredClone(given);
    const errors = validate(value) ? [] : (validate.errors ?? []);
    const missed = errors.filter((error) => !(error.keyword === 'required' && isExempt(placeOf(pointerIn(error)))));
    return { value, problems: missed.filter(isOwn).map((error) => problemOf(error, at)) };
  };
}

/** A branch, and a name, are told by what is wrong within them. */
function isOwn({ keyword }: ErrorObject): boolean {
  return keyword !== 'if' && keyword !== 'propertyNames';
}

/** Of what is missing, too much or named wrongly: where it would be, or is. */
function pointerIn({ instancePath, params, propertyName }: ErrorObject): string {
  const name: unknown = params.missingProperty ?? params.additionalProperty ?? propertyName;
  return typeof name === 'string' ? instancePath + pointerTo([name]) : instancePath;
}

function problemOf(error: ErrorObject, at: string): FieldProblem {
  return { pointer: at + pointerIn(error), message: messageOf(error) };
}

function messageOf({ keyword, message = 'is wrong', params, propertyName }: ErrorObject): string {
  switch (keyword) {
    case 'required':
      return 'is required';
    case 'additionalProperties':
      return 'is not a known field';
    case 'enum':
      return `is one of ${(params.allowedValues as Json[]).map((value) => JSON.stringify(value)).join(', ')}`;
    case 'pattern':
      return `matches ${String(params.pattern)}`;
    default:
      return propertyName === undefined ? message : `has a name that ${message}`;
  }
}
