// `npm run openapi`: writes the document of the REST API to docs/openapi.json, which a test compares with the code.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { endpoints } from '../api/endpoints.ts';
import { openApiText } from '../api/openapi/document.ts';

writeFileSync(join(import.meta.dirname, '..', 'docs', 'openapi.json'), openApiText(endpoints));
