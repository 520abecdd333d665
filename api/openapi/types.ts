/** The parts of an OpenAPI 3.1 document that this platform writes. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Schema = { [key: string]: Json };

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required: boolean;
  description?: string;
  schema: Schema;
}

export interface Media {
  schema: Schema;
  example?: Json;
}

export interface Header {
  description: string;
  required?: boolean;
  schema: Schema;
}

export interface Link {
  operationId: string;
  parameters: Record<string, string>;
}

export interface Response {
  description: string;
  headers: Record<string, Header | { $ref: string }>;
  content: Record<string, Media>;
  links?: Record<string, Link>;
}

export interface Operation {
  operationId: string;
  summary: string;
  description?: string;
  deprecated?: true;
  tags: string[];
  security: Record<string, string[]>[];
  parameters: (Parameter | { $ref: string })[];
  requestBody?: { required: boolean; content: Record<string, Media> };
  responses: Record<string, Response>;
}

export interface OpenApiDocument {
  openapi: '3.1.0';
  info: { title: string; version: string; description: string; license: { name: string; identifier: string } };
  servers: { url: string; description: string }[];
  tags: { name: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: {
    securitySchemes: Record<string, Schema>;
    parameters: Record<string, Parameter>;
    headers: Record<string, Header>;
    schemas: Record<string, Schema>;
  };
}
