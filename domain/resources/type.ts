/** What is known of a type of resources: its versions, and the schema by which each reads and shows their properties. */
import type { Json, JsonObject } from './json.ts';

export const SCHEMA_TYPES = ['object', 'array', 'string', 'integer', 'number', 'boolean'] as const;

/**
 * The part of JSON Schema, as OpenAPI 3.0 has it, that a type may be described by. There are no references and no
 * alternatives: what is secret must not depend on what stands beside it.
 */
export interface Schema {
  type: (typeof SCHEMA_TYPES)[number];
  title?: string;
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  /** @default true */
  additionalProperties?: boolean | Schema;
  items?: Schema;
  enum?: Json[];
  default?: Json;
  nullable?: boolean;
  format?: string;
  /** By RE2, which takes no longer than its text is long. */
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  multipleOf?: number;
  minItems?: number;
  maxItems?: number;
  uniqueItems?: boolean;
  minProperties?: number;
  maxProperties?: number;
  /** Only the platform sets it; what a caller sends there is passed over. */
  readOnly?: boolean;
  /** The value is kept by the secret store alone, and never shown. */
  'x-radius-sensitive'?: boolean;
}

/** One version of a type. What it makes of properties and back is pure, and leaves what is secret at its place. */
export interface ApiVersion {
  /** Of `properties`. */
  schema: Schema;
  /** From what a caller of this version sends to what is stored, which no version owns. */
  toModel(properties: JsonObject): JsonObject;
  fromModel(model: JsonObject): JsonObject;
}

export interface ResourceType {
  /** `Applications.Core/environments`; its letters are compared without their case. */
  name: string;
  /** By their dates, as `2023-10-01-preview`. */
  apiVersions: Record<string, ApiVersion>;
}

const API_VERSION = /^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:-preview)?$/;

export function isApiVersion(text: string): boolean {
  return API_VERSION.test(text);
}

/** Those that a type has, the newest first; of one day the one that is no preview comes first. */
export function supportedVersions({ apiVersions }: ResourceType): string[] {
  const rank = (version: string) => version.replace(/^(.{10})$/, '$1~');
  return Object.keys(apiVersions).sort((a, b) => (rank(a) < rank(b) ? 1 : -1));
}
