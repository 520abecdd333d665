// `npm run codes`: writes what every code means to docs/codes.md, which a test compares with the code.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderCodes } from '../api/codes-page.ts';

writeFileSync(join(import.meta.dirname, '..', 'docs', 'codes.md'), renderCodes());
