/** One server-sent event as the document describes it: what is watched, or a word of the stream about itself. */
import { streamEnd, streamSkipped } from '../shapes/stream.ts';
import type { Schemas } from './schemas.ts';
import type { Schema } from './types.ts';

/** @param data of the events that are watched */
export function eventSchema(data: Schema, schemas: Schemas): Schema {
  return {
    anyOf: [
      event({ type: 'string', not: { enum: ['end', 'skipped'] } }, data),
      event({ type: 'string', const: 'end' }, schemas.ofAnswer(streamEnd)),
      event({ type: 'string', const: 'skipped' }, schemas.ofAnswer(streamSkipped)),
    ],
  };
}

function event(name: Schema, data: Schema): Schema {
  return {
    type: 'object',
    required: ['event', 'data'],
    properties: {
      id: { type: 'string', description: 'What `Last-Event-ID` goes on from.' },
      event: name,
      data: { type: 'string', contentMediaType: 'application/json', contentSchema: data },
    },
  };
}
