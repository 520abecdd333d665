// `npm run openapi`: writes the documents of the REST APIs to docs/, which a test compares with the code.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openApiText } from '../api/openapi/document.ts';
import { INTERNAL, PUBLIC } from '../api/surfaces.ts';

const docs = join(import.meta.dirname, '..', 'docs');
for (const [name, { endpoints, about }] of [
  ['openapi.json', PUBLIC],
  ['openapi-internal.json', INTERNAL],
] as const) {
  writeFileSync(join(docs, name), openApiText(endpoints, about));
}
